import type { Tool } from '../../programs/prerequisites.js';
import type { RuncBundles } from '../../programs/runc-bundles.js';
import type { FunctionImage } from '../functions.js';
import type { Marks } from '../stages.js';

export type Engine = 'runc' | 'containerd' | 'docker' | 'podman';
/** How a container is there when a request comes: not at all, its network is, it is without the code, or with it. */
export type Mode = 'cold' | 'pooled' | 'pre-warm' | 'warm';

/** What a contender is opened with. */
export interface Scene {
  readonly bundles: RuncBundles;
  readonly image: FunctionImage;
  /** The most containers at once. */
  readonly width: number;
}

/** A container that a request starts: `index` is below the width, and given once at a time. */
export interface Started {
  readonly id: string;
  readonly index: number;
}

/** A contender that can serve requests. */
export interface Opened {
  /** Starts a container for one request, answers through `marks`, and resolves when nothing of it is left. */
  start(one: Started, marks: Marks): Promise<void>;
  /** A network alone, for contenders whose network is made by their caller. */
  readonly network?: CallerNetwork;
  /** Resolves when it is at rest again. */
  settled?(): Promise<void>;
  close(): Promise<void>;
}

/** The network of one container, made and removed by the caller of a runtime. */
export interface CallerNetwork {
  attach(one: Started, marks: Marks): Promise<void>;
  detach(one: Started): Promise<void>;
}

/** One way to run functions in containers, as its documentation says; a process and a network of its own. */
export interface Contender {
  /** What `--contenders` and reports call it. */
  readonly name: string;
  readonly title: string;
  readonly engine: Engine;
  readonly mode: Mode;
  /** Host networking: what the engine takes without any network, by which the tax of the others is found. */
  readonly isBound?: boolean;
  /** Whether functions of other languages are measured with it as well. */
  readonly isPolyglot?: boolean;
  /** Without which it is left out. */
  readonly tools: readonly Tool[];
  open(scene: Scene): Promise<Opened>;
}
