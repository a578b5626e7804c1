/**
 * Why ssh could not reach a host, from its own words (OpenSSH 9.2, LogLevel=DEBUG1). A pure fold; what it does not know it tells
 * in ssh's words.
 */
import { quote } from "@skein/contract";
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

/** A host as ssh is called for it. */
export type Called = {
  readonly name: string;
  /** Another file than ~/.ssh/config. */
  readonly config?: string;
};

/** What a person types to do the same by hand. */
const byHand = ({ name, config }: Called): string =>
  config === undefined ? `ssh ${name}` : `ssh -F ${quote(config)} ${name}`;

const fileOf = ({ config }: Called): string => config ?? "your ~/.ssh/config";

const keyChanged = (called: Called, said: string): AdapterFailure | null => {
  const { name } = called;
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
      remedy: `Ask whoever keeps ${name} whether its key is new. If it is, remove the old one with \`ssh-keygen -R '${known}'${file}\` and run \`${byHand(called)}\` once by hand; if not, somebody may be listening.`,
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

const keyUnknown = (called: Called, said: string): AdapterFailure | null => {
  const { name } = called;
  const isUnknown =
    /No \S+ host key is known for/.test(said) || said.includes("Host key verification failed");
  if (!isUnknown) return null;
  return fail(
    {
      code: "host_key_unknown",
      message: `The key of ${name} is not known here yet: it shows ${fingerprint(said)}.`,
      remedy: `Compare that fingerprint with what the host's keeper tells you; then run \`${byHand(called)}\` once by hand and accept the key.`,
    },
    "auth",
  );
};

const loginFailed = (called: Called, said: string): AdapterFailure | null => {
  const { name, config } = called;
  const offered = /Permission denied \(([^)]*)\)/.exec(said)?.[1];
  const tooMany = said.includes("Too many authentication failures");
  if (offered === undefined && !tooMany) return null;
  const isLocked = /incorrect passphrase|passphrase is required|read_passphrase/.test(said);
  const why = isLocked
    ? "its key has a passphrase, and nobody is there to type it"
    : tooMany
      ? "it was offered too many keys"
      : `it takes none of the keys that were offered (it would take: ${offered})`;
  // An alias of another file is nothing that ssh-copy-id knows.
  const install =
    config === undefined ? `install it there with \`ssh-copy-id ${name}\`` : "install it there";
  return fail(
    {
      code: "host_login_failed",
      message: `${name} lets nobody in without being asked: ${why}.`,
      remedy: `Make \`${byHand(called)}\` work without a question: put the key into your ssh agent (\`ssh-add\`), or ${install}.`,
    },
    "auth",
  );
};

type Remedy = (called: Called) => string;

const NETWORK: readonly (readonly [RegExp, (name: string) => string, Remedy])[] = [
  [
    /Could not resolve hostname (\S+?):/,
    (name) => `The name of ${name} leads to no address.`,
    (called) => `Check the name, and HostName in ${fileOf(called)}.`,
  ],
  [
    /Connection refused/,
    (name) => `${name} refuses the connection: no ssh server listens on that port.`,
    (called) => `Check that its ssh server runs, and Port in ${fileOf(called)}.`,
  ],
  [
    /timed out|Timeout, server|no answer in time/i,
    (name) => `${name} does not answer.`,
    () => "Check that the machine is up and the network leads there.",
  ],
  [
    /No route to host|Network is unreachable|Host is down/,
    (name) => `No way leads to ${name} from here.`,
    () => "Check the network, or the VPN that leads there.",
  ],
];

const outOfReach = (called: Called, said: string): AdapterFailure => {
  const { name } = called;
  const found = NETWORK.find(([pattern]) => pattern.test(said));
  const word = lastWord(said);
  const told = word === "" ? "" : `: ${word.replace(/\.$/, "")}`;
  return fail({
    code: "host_unreachable",
    message: found === undefined ? `${name} cannot be reached by ssh${told}.` : found[1](name),
    remedy:
      found === undefined
        ? `Try \`${byHand(called)}\` by hand: what it says is the reason.`
        : found[2](called),
  });
};

/** `said`: all that ssh wrote to stderr. */
export const whyUnreached = (called: Called, said: string): AdapterFailure =>
  keyChanged(called, said) ??
  loginFailed(called, said) ??
  keyUnknown(called, said) ??
  outOfReach(called, said);

/** Reached, but what answers there is no POSIX shell. */
export const unusable = (
  called: Called,
  what: string,
  remedy = `\`${byHand(called)} /bin/sh -c true\` must work there, in a home folder that can be written to.`,
): AdapterFailure =>
  fail(
    {
      code: "host_unusable",
      message: `${called.name} can be reached, but ${what}.`,
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
