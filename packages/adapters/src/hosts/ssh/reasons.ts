/**
 * Why ssh could not reach a host, from its own words (OpenSSH 9.2, LogLevel=DEBUG1). A pure fold; what it does not know it tells
 * in ssh's words.
 */
import { adapterFailure, type AdapterFailure } from "@skein/sdk";

type Why = {
  readonly code: AdapterFailure["failure"]["code"];
  readonly message: string;
  readonly remedy: string;
};

const fail = (why: Why, kind: AdapterFailure["failure"]["kind"] = "unavailable"): AdapterFailure =>
  adapterFailure(why.message, {
    kind,
    code: why.code,
    remedy: why.remedy,
    retryable: why.code === "host_unreachable",
  });

const isChatter = (line: string): boolean =>
  /^(debug\d|OpenSSH_|Authenticated to|Transferred:|Bytes per second|@@@|\s*$)/.test(line);

/** The newest line that says something. */
const lastWord = (said: string): string =>
  (said.split(/\r?\n/).findLast((line) => !isChatter(line)) ?? "").trim().slice(0, 300);

const keyChanged = (name: string, said: string): AdapterFailure | null => {
  if (!said.includes("REMOTE HOST IDENTIFICATION HAS CHANGED")) return null;
  const print = fingerprint(said);
  const place = /Offending \S+ key in (\S+?):(\d+)/.exec(said);
  const line = place === null ? "in your known_hosts" : `in line ${place[2]} of ${place[1]}`;
  const known = /Host key for (\S+) has changed/.exec(said)?.[1] ?? name;
  const file = place?.[1] === undefined ? "" : ` -f ${place[1]}`;
  return fail(
    {
      code: "host_key_changed",
      message: `The key of ${name} is not the one that stands ${line}: it now shows ${print}.`,
      remedy: `Ask whoever keeps ${name} whether its key is new. If it is, remove the old one with \`ssh-keygen -R '${known}'${file}\` and run \`ssh ${name}\` once by hand; if not, somebody may be listening.`,
    },
    "auth",
  );
};

/** As the host showed it: "ED25519 SHA256:...". */
const fingerprint = (said: string): string => {
  const shown = /Server host key: (\S+) (SHA256:\S+)/.exec(said);
  if (shown === null) return "a key that ssh did not name";
  return `${(shown[1] ?? "").replace(/^ssh-/, "").toUpperCase()} ${shown[2]}`;
};

const keyUnknown = (name: string, said: string): AdapterFailure | null => {
  const isUnknown =
    /No \S+ host key is known for/.test(said) || said.includes("Host key verification failed");
  if (!isUnknown) return null;
  return fail(
    {
      code: "host_key_unknown",
      message: `The key of ${name} is not known here yet: it shows ${fingerprint(said)}.`,
      remedy: `Compare that fingerprint with what the host's keeper tells you; then run \`ssh ${name}\` once by hand and accept the key.`,
    },
    "auth",
  );
};

const loginFailed = (name: string, said: string): AdapterFailure | null => {
  const offered = /Permission denied \(([^)]*)\)/.exec(said)?.[1];
  const tooMany = said.includes("Too many authentication failures");
  if (offered === undefined && !tooMany) return null;
  const isLocked = /incorrect passphrase|passphrase is required|read_passphrase/.test(said);
  const why = isLocked
    ? "its key has a passphrase, and nobody is there to type it"
    : tooMany
      ? "it was offered too many keys"
      : `it takes none of the keys that were offered (it would take: ${offered})`;
  return fail(
    {
      code: "host_login_failed",
      message: `${name} lets nobody in without being asked: ${why}.`,
      remedy: `Make \`ssh ${name}\` work without a question: put the key into your ssh agent (\`ssh-add\`), or install it there with \`ssh-copy-id ${name}\`.`,
    },
    "auth",
  );
};

const NETWORK: readonly (readonly [RegExp, (name: string) => string, string])[] = [
  [
    /Could not resolve hostname (\S+?):/,
    (name) => `The name of ${name} leads to no address.`,
    "Check the name, and HostName in your ~/.ssh/config.",
  ],
  [
    /Connection refused/,
    (name) => `${name} refuses the connection: no ssh server listens on that port.`,
    "Check that its ssh server runs, and Port in your ~/.ssh/config.",
  ],
  [
    /timed out|Timeout, server|no answer in time/i,
    (name) => `${name} does not answer.`,
    "Check that the machine is up and the network leads there.",
  ],
  [
    /No route to host|Network is unreachable|Host is down/,
    (name) => `No way leads to ${name} from here.`,
    "Check the network, or the VPN that leads there.",
  ],
];

const outOfReach = (name: string, said: string): AdapterFailure => {
  const found = NETWORK.find(([pattern]) => pattern.test(said));
  const word = lastWord(said);
  const told = word === "" ? "" : `: ${word.replace(/\.$/, "")}`;
  return fail({
    code: "host_unreachable",
    message: found === undefined ? `${name} cannot be reached by ssh${told}.` : found[1](name),
    remedy:
      found === undefined ? `Try \`ssh ${name}\` by hand: what it says is the reason.` : found[2],
  });
};

/** `said`: all that ssh wrote to stderr. */
export const whyUnreached = (name: string, said: string): AdapterFailure =>
  keyChanged(name, said) ??
  loginFailed(name, said) ??
  keyUnknown(name, said) ??
  outOfReach(name, said);

/** Reached, but what answers there is no POSIX shell. */
export const unusable = (
  name: string,
  what: string,
  remedy = `\`ssh ${name} /bin/sh -c true\` must work there, in a home folder that can be written to.`,
): AdapterFailure =>
  fail(
    {
      code: "host_unusable",
      message: `${name} can be reached, but ${what}.`,
      remedy,
    },
    "unsupported",
  );

export const unreachable = (
  name: string,
  reason: string,
  remedy: string | null = null,
): AdapterFailure =>
  fail({
    code: "host_unreachable",
    message: `${name} is out of reach: ${reason}`,
    remedy: remedy ?? "It is tried again by itself; nothing there is lost.",
  });
