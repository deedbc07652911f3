import { lookup } from "node:dns/promises";
import type { LookupFunction } from "node:net";
import { BadRequest, Forbidden } from "../errors.ts";

/** Which hosts may be asked for models, and at which addresses. */
export interface RemotePolicy {
  /** "host", or "*.example.org" for all hosts below it; "*" alone for any. */
  readonly hosts: readonly string[];
  /** Whether hosts may lie at addresses that the internet does not reach. */
  readonly private: boolean;
}

/** Model hubs and the hosts that they keep files on; nothing inside of one's own network. */
export const defaultPolicy: RemotePolicy = {
  hosts: ["huggingface.co", "*.huggingface.co", "*.hf.co"],
  private: false,
};

/** A policy that allows more hosts. */
export const allowing = (policy: RemotePolicy, ...hosts: readonly string[]): RemotePolicy => ({
  ...policy,
  hosts: [...policy.hosts, ...hosts],
});

/** An address of a host. */
export interface Resolved {
  readonly address: string;
  readonly family: number;
}

/** All addresses of a host. */
export type Resolve = (host: string) => Promise<readonly Resolved[]>;

const bySystem: Resolve = (host) => lookup(host, { all: true });

/**
 * Throws `Forbidden` where a URL's scheme, host or literal address may not be asked. What a name
 * resolves to is checked when a connection is made: see `guardedLookup`.
 */
export function checkUrl(url: URL, policy: RemotePolicy): void {
  if (!/^https?:$/.test(url.protocol)) {
    throw new Forbidden(`${url.protocol}// is not asked for models, only http and https`, {
      found: url.protocol,
      expected: ["http:", "https:"],
    });
  }
  if (url.username || url.password) {
    throw new BadRequest(`a URL of ${url.host} holds a name or password, which would be shown`);
  }
  const host = bare(url.hostname);
  if (!policy.hosts.some((pattern) => covers(pattern, host))) {
    throw new Forbidden(`the host ${host} is not on the list of hosts that may be asked`, {
      found: host,
      expected: policy.hosts,
    });
  }
  if (isAddress(host)) checkAddress(host, host, policy);
}

/**
 * The resolver for connections: only addresses that pass are handed on, and the connection is made
 * to the very address that was checked, so that a name cannot be turned to another one in between.
 */
export function guardedLookup(policy: RemotePolicy, resolve: Resolve = bySystem): LookupFunction {
  return (host, options, callback) => {
    resolve(host).then((found) => {
      const allowed = found.filter(({ address }) => policy.private || isPublic(address));
      const [first] = allowed;
      if (!first) {
        for (const { address } of found) checkAddress(host, address, policy);
        throw new Forbidden(`the host ${host} has no address`, { found: host });
      }
      if (options.all) callback(null, [...allowed]);
      else callback(null, first.address, first.family);
    }).catch((error) => callback(error, ""));
  };
}

function checkAddress(host: string, address: string, policy: RemotePolicy): void {
  if (policy.private || isPublic(address)) return;
  const where = host === address ? "" : ` is at ${address}, which`;
  throw new Forbidden(
    `${host}${where} lies inside a private or special network, which is not asked for models`,
    { found: address, host, expected: "a public address" },
  );
}

function covers(given: string, host: string): boolean {
  const pattern = bare(given);
  return pattern === "*" || pattern === host ||
    (pattern.startsWith("*.") && host.endsWith(pattern.slice(1)));
}

/** Without the brackets of IPv6 and the dot at the end of a full name. */
const bare = (hostname: string): string => hostname.replace(/^\[|\]$|\.$/g, "").toLowerCase();

const isAddress = (host: string): boolean => /^[\d.]+$/.test(host) || host.includes(":");

// IANA's registries of special-purpose addresses: those that are not globally reachable.
const special4 = [
  ...["0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"],
  ...["172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16"],
  ...["198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"],
  "168.63.129.16/32", // not in the registries: Azure's own services, seen from inside alone
].map(subnet);
const global6 = subnet("2000::/3");
const special6 = ["2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"].map(subnet);
/** Prefixes whose last 32 bits are an IPv4 address: mapped, and NAT64's. */
const carriers = ["::ffff:0:0/96", "64:ff9b::/96"].map(subnet);

interface Subnet {
  readonly bits: bigint;
  readonly prefix: bigint;
  readonly width: bigint;
}

/** Whether an address, IPv4 or IPv6, is one that the whole internet reaches. */
export function isPublic(address: string): boolean {
  const bits = parse(address);
  if (bits === null) return false;
  if (!address.includes(":")) return !special4.some((net) => lies(bits, net));
  if (carriers.some((net) => lies(bits, net))) {
    const inner = bits & 0xffffffffn;
    return !special4.some((net) => lies(inner, net));
  }
  return lies(bits, global6) && !special6.some((net) => lies(bits, net));
}

function subnet(text: string): Subnet {
  const [address = "", prefix = ""] = text.split("/");
  const bits = parse(address);
  if (bits === null) throw new RangeError(`${text} is no subnet`);
  return { bits, prefix: BigInt(prefix), width: address.includes(":") ? 128n : 32n };
}

const lies = (bits: bigint, { bits: net, prefix, width }: Subnet): boolean =>
  (bits ^ net) >> (width - prefix) === 0n;

/** An address as a number; null for what is none. The URL parser knows every way to write one. */
function parse(address: string): bigint | null {
  const wide = address.includes(":");
  const host = URL.parse(wide ? `http://[${address}]/` : `http://${address}/`)?.hostname;
  if (host === undefined) return null;
  if (!wide) {
    const parts = host.split(".").map(Number);
    if (parts.length !== 4 || !parts.every((part) => part >= 0 && part < 256)) return null;
    return parts.reduce((sum, part) => sum << 8n | BigInt(part), 0n);
  }
  const [left = "", right] = bare(host).split("::");
  const groups = (text: string) => text === "" ? [] : text.split(":");
  const [head, tail] = [groups(left), groups(right ?? "")];
  const zeros = new Array<string>(8 - head.length - tail.length).fill("0");
  return [...head, ...zeros, ...tail].reduce((sum, part) => sum << 16n | BigInt(`0x${part}`), 0n);
}
