/** Counts a device's buffers, until restored. */
export function countBuffers(device: GPUDevice) {
  const create = device.createBuffer.bind(device);
  const counted = { made: 0, live: 0, restore: () => void (device.createBuffer = create) };
  device.createBuffer = (descriptor) => {
    const buffer = create(descriptor), destroy = buffer.destroy.bind(buffer);
    counted.made++;
    counted.live++;
    buffer.destroy = () => {
      counted.live--;
      destroy();
    };
    return buffer;
  };
  return counted;
}
