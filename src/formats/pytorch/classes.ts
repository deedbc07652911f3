import { type Call, rebuilds } from "./rebuild.ts";
import { Bytes, Dict, Global, Instance } from "./values.ts";

/**
 * What may be called in a pickle: a closed list. Each entry is a function of ours that puts plain
 * data together; none imports, runs or looks up anything by a name from the file.
 *
 * Three things can happen to a global that a pickle mentions:
 * - It is on the list: calling it gives a tensor, a container, or an inert record.
 * - It is not, and only mentioned, or is the class of an object that gets its state in the usual
 *   way (`NEWOBJ`, `BUILD`): kept as a name and a record. So whole modules, configurations and
 *   whatever else is saved with the weights of a user's own classes open, and their tensors are
 *   found. Nothing of such a class runs here, whatever its own code would do with the state.
 * - It is not, and called (`REDUCE`, `INST`, `OBJ`), or it belongs to a module through which
 *   pickles are known to reach the system: the file is refused, and the global named. Reading it
 *   would be harmless here, but loading it elsewhere is not, and its owner should know.
 */
export const meaning = (global: Global): Call | undefined => calls.get(global.name);

/** Whether no honest checkpoint mentions it: it reaches the system, or code, or the interpreter. */
export const suspect = ({ module, name }: Global): boolean =>
  (modules.has(module) || packages.has(module.split(".", 1)[0]!)) &&
  !calls.has(name) && !harmless.has(name);

const record: Call = (args, type) => new Instance(type, args);

const list: Call = ([items], type) =>
  Array.isArray(items) || items === undefined ? items ?? [] : new Instance(type, [items]);

const dict: Call = ([pairs], _type, machine) => {
  if (pairs instanceof Dict) return pairs;
  const made = new Dict();
  if (!Array.isArray(pairs)) return made;
  machine.count(pairs.length);
  for (const pair of pairs) {
    if (Array.isArray(pair) && pair.length === 2) made.set(pair[0]!, pair[1]!);
  }
  return made;
};

/** How protocols 0 and 1 make objects: `_reconstructor(class, base, what the base holds)`. */
const reconstructor: Call = ([type, , held = null], self, machine) => {
  if (!(type instanceof Global)) throw machine.refuse(`a call of ${self.name}`, "a class first");
  const made = new Instance(type, []);
  if (held instanceof Dict) made.dict = held;
  else if (Array.isArray(held)) made.items = held;
  return made;
};

const first: Call = ([value = null]) => value;

const within = (module: string, names: string) => names.split(" ").map((n) => `${module}.${n}`);

const lists = [
  ...within("builtins", "list tuple set frozenset"),
  ...within("torch.jit._pickle", "build_intlist build_doublelist build_boollist build_tensorlist"),
  "torch.Size",
  "collections.deque",
];

const dicts = [...within("collections", "OrderedDict Counter"), "builtins.dict"];

const records = [
  ...within("builtins", "bytes complex int long float str unicode bool object slice range xrange"),
  ...within("pathlib", "Path PosixPath WindowsPath PurePath PurePosixPath PureWindowsPath"),
  ...within("datetime", "datetime date time timedelta timezone"),
  ...["types.SimpleNamespace", "functools.partial", "re._compile"],
  ...["decimal.Decimal", "fractions.Fraction", "uuid.UUID", "torch.device", "torch.Generator"],
  ...["numpy", "numpy.core.multiarray", "numpy._core.multiarray"].flatMap((module) =>
    within(module, "_reconstruct scalar dtype ndarray")
  ),
  ...["numpy.core.numeric._frombuffer", "numpy._core.numeric._frombuffer"],
  ...within("numpy.random._pickle", "__randomstate_ctor __generator_ctor __bit_generator_ctor"),
];

const calls: ReadonlyMap<string, Call> = new Map<string, Call>([
  ...records.map((name): [string, Call] => [name, record]),
  ...lists.map((name): [string, Call] => [name, list]),
  ...dicts.map((name): [string, Call] => [name, dict]),
  ["collections.defaultdict", () => new Dict()],
  ["builtins.bytearray", () => new Bytes(0, 0)],
  ["_codecs.encode", () => new Bytes(0, 0)],
  ["copyreg._reconstructor", reconstructor],
  ["torch.serialization._get_layout", first],
  ["torch.jit._pickle.restore_type_tag", first],
  ...rebuilds,
]);

/** Mentioned as data: default factories, types in configurations. */
const harmless: ReadonlySet<string> = new Set(within("builtins", "type NoneType Ellipsis"));

/** Modules that reach the system, by their whole names: a user may well have a package "code". */
const modules: ReadonlySet<string> = new Set(
  ("builtins posix nt sys subprocess commands pty shutil socket imp runpy code codeop marshal " +
    "pickle _pickle cPickle operator _operator signal webbrowser pdb bdb timeit").split(" "),
);

/** Packages that do, with all in them. */
const packages: ReadonlySet<string> = new Set(["os", "importlib", "ctypes", "multiprocessing"]);
