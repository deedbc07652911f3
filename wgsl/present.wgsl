// A picture's bytes onto a texture of its size, colours times opacity, as canvases have them.

@group(0) @binding(0) var<storage, read> rgba: array<u32>;
@group(0) @binding(1) var<storage, read> width: u32;

/** One triangle that covers everything. */
@vertex
fn corner(@builtin(vertex_index) index: u32) -> @builtin(position) vec4f {
  return vec4f(f32(index & 1u) * 4.0 - 1.0, f32(index >> 1u) * 4.0 - 1.0, 0.0, 1.0);
}

@fragment
fn pixel(@builtin(position) at: vec4f) -> @location(0) vec4f {
  let colour = unpack4x8unorm(rgba[u32(at.y) * width + u32(at.x)]);
  return vec4f(colour.rgb * colour.a, colour.a);
}
