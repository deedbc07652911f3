import code from "../../../wgsl/normal.wgsl" with { type: "text" };
import orthonormalCode from "../../../wgsl/orthonormalize.wgsl" with { type: "text" };
import { contents, output, owning, readable, upload } from "./buffers.ts";
import type { Gpu } from "./device.ts";
import { compile } from "./pipeline.ts";

/** Vectors in a block: the shaders' rows of them. */
export const BLOCK = 32;
// Of the shaders: lines of a workgroup, terms of a piece, fours of a workgroup that sums, rows of one that divides.
const LINES = 64, PIECE = 256, FOURS = 256, ROWS = 256;
/** Bytes of a row of a block. */
const ROW = 4 * BLOCK;
/** Bytes of a band, at most; and of what is uploaded until it is waited for, of which the driver holds copies. */
const BAND = 2 ** 26, WAITING = 2 ** 27;

/** What can be handed to a device, which takes nothing that is shared between workers. */
type Numbers = Float32Array<ArrayBuffer>;

/** What AᵀA does to a block of vectors X, a row of `BLOCK` numbers for each component. */
export interface BlockProducts {
  /** A·X. */
  readonly product: Float32Array;
  /** Aᵀ·(A·X). */
  readonly normal: Float32Array;
}

/**
 * A matrix A on a GPU, in as many bands of rows as its buffers must be. Sums are float32's: of 64 terms, of four of
 * those, and then in pairs, so that A·X is within 50·2⁻²³·Σ|a·x| however many terms there are, and AᵀA·X within as
 * much of both its sums, and a rounding more for each band. NaN and ±∞ spread where the device's arithmetic is IEEE's;
 * numbers below 2⁻¹²⁶ may count as 0.
 */
export interface GpuMatrix {
  /** Writes whole rows, from row `row` on, of memory that is not shared. Throws what the device finds wrong. */
  write(row: number, values: Float32Array): Promise<void>;
  /** Products with a block. */
  multiply(block: Float32Array): Promise<BlockProducts>;
  /**
   * What AᵀA makes of a block that it is applied to so often, its columns made orthonormal each time; a column that
   * those before it span is 0. Nothing is waited for in between.
   */
  iterate(block: Float32Array, times: number): Promise<Float32Array>;
  /** Gives back what it has on the device. */
  free(): void;
}

/** What makes matrices of `rows` × `columns` on a device: its pipelines are made once. */
export type GpuMatrices = (rows: number, columns: number) => Promise<GpuMatrix>;

interface Pipelines {
  readonly products: GPUComputePipeline;
  readonly total: GPUComputePipeline;
  readonly orthonormalize: GPUComputePipeline;
}

/**
 * Bands have at most `bandBytes`. Throws `RangeError` for a matrix of which a row or a block is larger than the
 * device's buffers may be, or that has more columns than a dispatch has workgroups for.
 */
export async function gpuMatrices(gpu: Gpu, bandBytes = BAND): Promise<GpuMatrices> {
  const pipelines = {
    products: await compile(gpu, "normal", code, "products"),
    total: await compile(gpu, "normal", code, "total"),
    orthonormalize: await compile(gpu, "orthonormalize", orthonormalCode),
  };
  return async (rows, columns) => {
    const height = bandHeight(gpu.device, rows, columns, bandBytes);
    const matrix = new Bands(gpu, pipelines, rows, columns, height);
    try {
      await gpu.scoped("a matrix", () => Promise.try(() => matrix.open()));
      return matrix;
    } catch (error) {
      matrix.free();
      throw error;
    }
  };
}

/** Rows of a band. */
function bandHeight(
  { limits }: GPUDevice,
  rows: number,
  columns: number,
  bandBytes: number,
): number {
  if (!(rows > 0 && columns > 0)) throw new RangeError(`normal: nothing in ${rows} × ${columns}`);
  const most = Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize);
  const bytes = Math.max(4 * columns, ROW * Math.max(rows, columns));
  // Lines that fit into one dispatch of what sums pieces, which takes the most.
  const lines = limits.maxComputeWorkgroupsPerDimension * 4 * FOURS / BLOCK;
  if (columns > lines) {
    throw new RangeError(`normal: this GPU takes ${lines} columns, got ${columns}`);
  }
  if (bytes > most) {
    throw new RangeError(
      `normal: this GPU takes buffers of ${most} bytes, ${BLOCK} vectors of ${rows} × ${columns} have ${bytes}`,
    );
  }
  // Pieces of both products have to fit into a buffer too.
  const across = ROW * Math.ceil(columns / PIECE);
  const down = PIECE * Math.floor(most / (ROW * columns));
  const band = Math.floor(Math.min(most, bandBytes) / (4 * columns));
  return Math.max(1, Math.min(rows, lines, band, Math.floor(most / across), down));
}

/** Products of one band, and their sums. */
interface Step {
  readonly group: GPUBindGroup;
  readonly sums: GPUBindGroup;
  readonly lines: number;
  readonly terms: number;
}

class Bands implements GpuMatrix {
  readonly #owned: { destroy(): void }[] = [];
  readonly #bands: GPUBuffer[] = [];
  /** Bytes that were written and not waited for. */
  #waiting = 0;
  /** X or AᵀA·X, A·X, and the 32 × 32 products of a block's columns. */
  #x!: GPUBuffer;
  #y!: GPUBuffer;
  #z!: GPUBuffer;
  #gram!: GPUBuffer;
  #forward: Step[] = [];
  #back: Step[] = [];
  #square!: Step;
  #orthonormalize!: GPUBindGroup;

  constructor(
    private readonly gpu: Gpu,
    private readonly pipelines: Pipelines,
    private readonly rows: number,
    private readonly columns: number,
    private readonly height: number,
  ) {}

  open(): void {
    const { gpu: { device }, rows, columns, height } = this;
    const make = (label: string, bytes: number) => this.#own(output(device, label, bytes));
    for (let row = 0; row < rows; row += height) {
      this.#bands.push(make("band", 4 * columns * Math.min(height, rows - row)));
    }
    [this.#x, this.#z] = [make("X", ROW * columns), make("Z", ROW * columns)];
    [this.#y, this.#gram] = [make("Y", ROW * rows), make("gram", ROW * BLOCK)];
    const pieces = (lines: number, terms: number) => ROW * lines * Math.ceil(terms / PIECE);
    const sizes = [pieces(height, columns), pieces(columns, height), pieces(BLOCK, columns)];
    const scratch = make("pieces", Math.max(...sizes));
    for (const [i, a] of this.#bands.entries()) {
      const from = i * height, lines = Math.min(height, rows - from);
      const forward = { lines, terms: columns, from: 0, to: from };
      const back = { lines: columns, terms: lines, transposed: true, from, adds: i > 0 };
      this.#forward.push(this.#step(forward, a, this.#x, scratch, this.#y));
      this.#back.push(this.#step(back, a, this.#y, scratch, this.#z));
    }
    const square = { lines: BLOCK, terms: columns, transposed: true };
    this.#square = this.#step(square, this.#z, this.#z, scratch, this.#gram);
    const count = this.#own(upload(device, "rows", Uint32Array.of(columns)));
    this.#orthonormalize = this.#group(this.pipelines.orthonormalize, [
      [0, count],
      [1, this.#gram],
      [2, this.#z],
    ]);
  }

  async write(row: number, values: Float32Array): Promise<void> {
    const { gpu: { device }, columns, height } = this;
    await this.gpu.scoped("a matrix", async () => {
      const end = row + values.length / columns;
      for (let at = row; at < end;) {
        const band = Math.floor(at / height), inside = at - band * height;
        const count = Math.min(end - at, height - inside);
        const piece = values.subarray((at - row) * columns, (at - row + count) * columns);
        device.queue.writeBuffer(this.#bands[band]!, 4 * inside * columns, piece as Numbers);
        at += count;
      }
      device.queue.submit([]); // after which the driver lets go of its copy
      this.#waiting += values.byteLength;
      if (this.#waiting < WAITING) return;
      this.#waiting = 0;
      await device.queue.onSubmittedWorkDone();
    });
  }

  multiply(block: Float32Array): Promise<BlockProducts> {
    const { gpu: { device }, rows, columns } = this;
    return this.gpu.scoped("products", () =>
      owning(async (own) => {
        this.#set(block);
        const found = own(readable(device, "found", ROW * (rows + columns)));
        const encoder = device.createCommandEncoder();
        this.#apply(encoder);
        encoder.copyBufferToBuffer(this.#y, 0, found, 0, ROW * rows);
        encoder.copyBufferToBuffer(this.#z, 0, found, ROW * rows, ROW * columns);
        device.queue.submit([encoder.finish()]);
        const bytes = await contents(found);
        return {
          product: new Float32Array(bytes, 0, BLOCK * rows),
          normal: new Float32Array(bytes, ROW * rows),
        };
      }));
  }

  iterate(block: Float32Array, times: number): Promise<Float32Array> {
    const { gpu: { device }, columns } = this;
    return this.gpu.scoped("iterations", () =>
      owning(async (own) => {
        this.#set(block);
        const found = own(readable(device, "found", ROW * columns));
        const encoder = device.createCommandEncoder();
        for (let time = 0; time < times; time++) {
          this.#apply(encoder);
          const pass = encoder.beginComputePass();
          this.#run(pass, this.#square);
          pass.setPipeline(this.pipelines.orthonormalize);
          pass.setBindGroup(0, this.#orthonormalize);
          pass.dispatchWorkgroups(Math.ceil(columns / ROWS));
          pass.end();
          encoder.copyBufferToBuffer(this.#z, 0, this.#x, 0, ROW * columns);
        }
        encoder.copyBufferToBuffer(this.#x, 0, found, 0, ROW * columns);
        device.queue.submit([encoder.finish()]);
        return new Float32Array(await contents(found));
      }));
  }

  free(): void {
    for (const resource of this.#owned.splice(0)) resource.destroy();
  }

  #set(block: Float32Array): void {
    if (block.length !== BLOCK * this.columns) {
      throw new RangeError(
        `normal: ${BLOCK} vectors of ${this.columns} have ${
          BLOCK * this.columns
        } numbers, got ${block.length}`,
      );
    }
    this.gpu.device.queue.writeBuffer(this.#x, 0, block as Numbers);
  }

  /** Y = A·X, and Z = Aᵀ·Y. */
  #apply(encoder: GPUCommandEncoder): void {
    const pass = encoder.beginComputePass();
    for (const step of this.#forward) this.#run(pass, step);
    for (const step of this.#back) this.#run(pass, step);
    pass.end();
  }

  #run(pass: GPUComputePassEncoder, { group, sums, lines, terms }: Step): void {
    pass.setPipeline(this.pipelines.products);
    pass.setBindGroup(0, group);
    pass.dispatchWorkgroups(Math.ceil(lines / LINES), Math.ceil(terms / PIECE));
    pass.setPipeline(this.pipelines.total);
    pass.setBindGroup(0, sums);
    pass.dispatchWorkgroups(Math.ceil(lines * BLOCK / 4 / FOURS));
  }

  #step(
    { lines, terms, transposed = false, from = 0, to = 0, adds = false }: {
      readonly lines: number;
      readonly terms: number;
      readonly transposed?: boolean;
      readonly from?: number;
      readonly to?: number;
      readonly adds?: boolean;
    },
    a: GPUBuffer,
    b: GPUBuffer,
    pieces: GPUBuffer,
    sums: GPUBuffer,
  ): Step {
    const words = Uint32Array.of(lines, terms, Number(transposed), from, to, Number(adds));
    const block = this.#own(upload(this.gpu.device, "block", words));
    const { products, total } = this.pipelines;
    return {
      group: this.#group(products, [[0, block], [1, a], [2, b], [3, pieces]]),
      sums: this.#group(total, [[0, block], [3, pieces], [4, sums]]),
      ...{ lines, terms },
    };
  }

  #group(pipeline: GPUComputePipeline, bound: readonly [number, GPUBuffer][]): GPUBindGroup {
    return this.gpu.device.createBindGroup({
      layout: pipeline.getBindGroupLayout(0),
      entries: bound.map(([binding, buffer]) => ({ binding, resource: { buffer } })),
    });
  }

  #own(buffer: GPUBuffer): GPUBuffer {
    this.#owned.push(buffer);
    return buffer;
  }
}
