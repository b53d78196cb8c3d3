import { type Ended, make, run } from './program.js';

/** Where it is built; tests run from dist/test. */
const BUILD = new URL('../../../native-scripts/build/', import.meta.url).pathname;

/** Builds netnsd-cni and returns its path; `sanitized`: the one that ends with a report at any memory error. */
export function cniProgram({ sanitized }: { sanitized: boolean }): string {
  const path = `${BUILD}netnsd-cni${sanitized ? '-asan' : ''}`;
  make(path);
  return path;
}

export interface CniCall {
  readonly command: string;
  /** Members of the configuration beside `cniVersion`, `name` and `type`; or its whole text. */
  readonly config?: object | string;
  readonly id?: string;
  readonly ifname?: string;
  readonly netns?: string;
  readonly args?: string;
  readonly onStart?: (pid: number) => void;
}

/** What a plugin said: its object on stdout, if there is one. */
export interface CniAnswer extends Ended {
  readonly json: CniJson;
}

/** Results and errors, as far as tests look. */
export interface CniJson {
  readonly cniVersion?: string;
  readonly code?: number;
  readonly msg?: string;
  readonly details?: string;
  readonly supportedVersions?: readonly string[];
  readonly interfaces?: readonly {
    readonly name: string;
    readonly mac?: string;
    readonly sandbox?: string;
    readonly mtu?: number;
  }[];
  readonly ips?: readonly {
    readonly version?: string;
    readonly interface: number;
    readonly address: string;
    readonly gateway: string;
  }[];
  readonly routes?: readonly { readonly dst: string; readonly gw: string }[];
  readonly dns?: object;
}

export const CONFIG = { cniVersion: '1.1.0', name: 'net', type: 'netnsd-cni' };

/** The environment of a call, as libcni makes it. */
export function cniEnvironment(call: CniCall): NodeJS.ProcessEnv {
  const { command, id = 'c1', ifname = 'eth0', netns, args } = call;
  return {
    PATH: process.env['PATH'],
    CNI_PATH: '/usr/lib/cni',
    CNI_COMMAND: command,
    CNI_CONTAINERID: id,
    CNI_IFNAME: ifname,
    ...(netns !== undefined && { CNI_NETNS: netns }),
    ...(args !== undefined && { CNI_ARGS: args }),
  };
}

export function cniInput({ config = {} }: Pick<CniCall, 'config'>): string {
  return typeof config === 'string' ? config : JSON.stringify({ ...CONFIG, ...config });
}

/** Calls a plugin as libcni does. */
export async function callPlugin(plugin: string, call: CniCall): Promise<CniAnswer> {
  const { onStart } = call;
  const options = { env: cniEnvironment(call), input: cniInput(call), ...(onStart !== undefined && { onStart }) };
  const ended = await run(plugin, [], options);
  return { ...ended, json: parse(ended.stdout) };
}

function parse(text: string): CniJson {
  return text === '' ? {} : (JSON.parse(text) as CniJson);
}
