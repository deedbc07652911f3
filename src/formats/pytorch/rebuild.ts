import type { Machine } from "./machine.ts";
import { Dict, Global, Instance, Tensor, type Value } from "./values.ts";

/** Makes of a call's arguments what calling the global would have made, as plain data. */
export type Call = (args: Value[], type: Global, machine: Machine) => Value;

// Signatures as in torch/_utils.py and torch/_tensor.py. Arguments that say nothing of the values,
// such as hooks and whether a gradient is wanted, are passed over.

const plain: Call = ([storage = null, offset = null, size = null, stride = null, , , metadata]) =>
  tensor(storage, offset, size, stride, metadata);

/** As version 2, of a storage that may have another element type. */
const retyped: Call = ([storage = null, offset = null, size = null, stride = null, ...rest]) =>
  tensor(storage, offset, size, stride, rest[3], rest[2]);

function tensor(
  storage: Value,
  offset: Value,
  size: Value,
  stride: Value,
  metadata: Value = null,
  dtype?: Value,
): Tensor {
  const negated = metadata instanceof Dict && metadata.get("neg") === true;
  return new Tensor(storage, offset, size, stride, {
    ...(dtype === undefined ? {} : { dtype }),
    ...(negated ? { quantized: { scale: -1, zero: 0 } } : {}),
  });
}

/** With a scale for all, or else as the integers and their scales by channel. */
const quantized: Call = (args, type, machine) => {
  const [storage = null, offset = null, size = null, stride = null, quantizer] = args;
  const [scheme, scale = null, zero = null] = Array.isArray(quantizer) ? quantizer : [];
  if (!(scheme instanceof Global)) throw machine.refuse(`a call of ${type.name}`, "a scheme");
  if (scheme.member === "per_tensor_affine") {
    return new Tensor(storage, offset, size, stride, { quantized: { scale, zero } });
  }
  const stored = new Tensor(storage, offset, size, stride);
  return Dict.of({ int_repr: stored, scales: scale, zero_points: zero });
};

/** As its parts, under the names of the methods that give them. */
const sparse: Call = ([layout = null, data]) => {
  const parts = Array.isArray(data) ? data : [];
  if (typeof layout !== "string" || layout.endsWith("coo")) {
    const [indices = null, values = null] = parts;
    return Dict.of({ indices, values });
  }
  const [compressed = null, plain = null, values = null] = parts;
  return /cs?c$/.test(layout) || layout.endsWith("bsc")
    ? Dict.of({ ccol_indices: compressed, row_indices: plain, values })
    : Dict.of({ crow_indices: compressed, col_indices: plain, values });
};

const meta: Call = ([, size = null, stride = null]) =>
  new Tensor(null, 0, size, stride, { without: "it was on the meta device, without values" });

/** `(function, class, its arguments, state)`: a subclass of a tensor, as the tensor it is. */
const subclass: Call = ([rebuild, , args, state = null], type, machine) => {
  const call = rebuild instanceof Global ? tensors.get(rebuild.name) : undefined;
  if (!call || !(rebuild instanceof Global) || !Array.isArray(args)) {
    const found = rebuild instanceof Global ? rebuild.name : "data";
    throw machine.refuse(`a call of ${type.name} with ${found}`, "a function that makes a tensor");
  }
  const made = call(args, rebuild, machine);
  if (made instanceof Instance) made.state = state;
  return made;
};

/** A class that wraps tensors, which then are its attributes. */
const wrapper: Call = ([type], self) => new Instance(type instanceof Global ? type : self, []);

const first: Call = ([data = null]) => data;

const utils = (calls: Readonly<Record<string, Call>>) =>
  Object.entries(calls).map(([name, call]): [string, Call] => [`torch._utils.${name}`, call]);

const tensors: ReadonlyMap<string, Call> = new Map(utils({
  _rebuild_tensor: plain,
  _rebuild_tensor_v2: plain,
  _rebuild_tensor_v3: retyped,
  _rebuild_qtensor: quantized,
  _rebuild_sparse_tensor: sparse,
  _rebuild_sparse_csr_tensor: sparse,
  _rebuild_meta_tensor_no_storage: meta,
  _rebuild_wrapper_subclass: wrapper,
  _rebuild_parameter: first,
  _rebuild_parameter_with_state: first,
  _rebuild_nested_tensor: first,
  _rebuild_device_tensor_from_cpu_tensor: first,
  _rebuild_device_tensor_from_numpy: first,
  _rebuild_xla_tensor: first,
}));

/** The functions by which PyTorch's tensors come back, by name. */
export const rebuilds: readonly (readonly [string, Call])[] = [
  ...tensors,
  ["torch.nn.parameter.Parameter", first],
  ["torch.nn.parameter.Buffer", first],
  ...["torch._tensor", "torch.tensor"].flatMap((module) =>
    ["_rebuild_from_type", "_rebuild_from_type_v2"]
      .map((name): [string, Call] => [`${module}.${name}`, subclass])
  ),
];
