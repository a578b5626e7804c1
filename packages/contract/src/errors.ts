/**
 * Every way an operation can be refused, declared once.
 *
 * `status` is the HTTP status; `gateway` is the top-level code of the socket frames (the OpenClaw protocol 4
 * vocabulary: the precise code travels in `details.code` there); `retryable` says whether the same call may
 * succeed later with nothing changed by the caller.
 */
type GatewayCode = "INVALID_REQUEST" | "FORBIDDEN" | "UNAVAILABLE" | "APPROVAL_NOT_FOUND";

type ErrorRow = {
  readonly status: number;
  readonly gateway: GatewayCode;
  readonly retryable: boolean;
};

const row = (status: number, gateway: GatewayCode, retryable = false): ErrorRow => ({
  status,
  gateway,
  retryable,
});

export const ERRORS = {
  // the request itself
  invalid_input: row(400, "INVALID_REQUEST"),
  unknown_operation: row(404, "INVALID_REQUEST"),
  unsupported_media_type: row(415, "INVALID_REQUEST"),
  payload_too_large: row(413, "INVALID_REQUEST"),
  request_timeout: row(408, "UNAVAILABLE", true),
  // who is asking
  unauthenticated: row(401, "FORBIDDEN"),
  forbidden: row(403, "FORBIDDEN"),
  locked_out: row(429, "UNAVAILABLE", true),
  too_many_requests: row(429, "UNAVAILABLE", true),
  // sessions
  session_not_found: row(404, "INVALID_REQUEST"),
  session_deleted: row(410, "INVALID_REQUEST"),
  session_busy: row(409, "INVALID_REQUEST"),
  name_taken: row(409, "INVALID_REQUEST"),
  folder_not_found: row(400, "INVALID_REQUEST"),
  folder_not_directory: row(400, "INVALID_REQUEST"),
  prompt_empty: row(400, "INVALID_REQUEST"),
  prompt_too_large: row(413, "INVALID_REQUEST"),
  prompt_is_binary: row(400, "INVALID_REQUEST"),
  queue_full: row(429, "UNAVAILABLE", true),
  no_turn: row(409, "INVALID_REQUEST"),
  nothing_to_fork: row(409, "INVALID_REQUEST"),
  steer_unsupported: row(409, "INVALID_REQUEST"),
  fork_unsupported: row(409, "INVALID_REQUEST"),
  resume_unsupported: row(409, "INVALID_REQUEST"),
  no_goal: row(409, "INVALID_REQUEST"),
  goal_spent: row(409, "INVALID_REQUEST"),
  goal_over: row(409, "INVALID_REQUEST"),
  // backends
  backend_unknown: row(400, "INVALID_REQUEST"),
  backend_not_installed: row(409, "INVALID_REQUEST"),
  backend_not_logged_in: row(409, "INVALID_REQUEST"),
  backend_unavailable: row(503, "UNAVAILABLE", true),
  model_unknown: row(400, "INVALID_REQUEST"),
  effort_unknown: row(400, "INVALID_REQUEST"),
  interface_unsupported: row(400, "INVALID_REQUEST"),
  // conversations begun elsewhere
  conversation_not_found: row(404, "INVALID_REQUEST"),
  conversation_held: row(409, "INVALID_REQUEST"),
  // hosts
  host_unknown: row(404, "INVALID_REQUEST"),
  host_known: row(409, "INVALID_REQUEST"),
  host_in_use: row(409, "INVALID_REQUEST"),
  host_unreachable: row(503, "UNAVAILABLE", true),
  host_unusable: row(409, "INVALID_REQUEST"),
  host_key_unknown: row(409, "INVALID_REQUEST"),
  host_key_changed: row(409, "INVALID_REQUEST"),
  host_login_failed: row(409, "INVALID_REQUEST"),
  container_engine_missing: row(409, "INVALID_REQUEST"),
  container_image_missing: row(409, "INVALID_REQUEST"),
  container_unusable: row(409, "INVALID_REQUEST"),
  // terminals
  terminal_not_found: row(404, "INVALID_REQUEST"),
  terminal_unavailable: row(503, "UNAVAILABLE", true),
  terminal_of_agent: row(409, "INVALID_REQUEST"),
  too_many_terminals: row(429, "UNAVAILABLE", true),
  // approvals
  approval_not_found: row(404, "APPROVAL_NOT_FOUND"),
  already_resolved: row(409, "INVALID_REQUEST"),
  approval_expired: row(409, "INVALID_REQUEST"),
  answer_mismatch: row(400, "INVALID_REQUEST"),
  // tokens, events
  token_not_found: row(404, "INVALID_REQUEST"),
  client_id_reused: row(409, "INVALID_REQUEST"),
  cursor_ahead: row(400, "INVALID_REQUEST"),
  cursor_compacted: row(410, "INVALID_REQUEST"),
  // the house
  storage_full: row(507, "UNAVAILABLE", true),
  storage_failed: row(500, "UNAVAILABLE"),
  overloaded: row(503, "UNAVAILABLE", true),
  shutting_down: row(503, "UNAVAILABLE", true),
  // of the gateway, which stands before the daemon
  daemon_unreachable: row(503, "UNAVAILABLE", true),
  internal: row(500, "UNAVAILABLE"),
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof ERRORS;

/** What any operation may answer beyond the errors that it declares; writes also what can befall the disk. */
export const COMMON_ERRORS = {
  every: [
    "invalid_input",
    "payload_too_large",
    "request_timeout",
    "unauthenticated",
    "forbidden",
    "locked_out",
    "too_many_requests",
    "overloaded",
    "shutting_down",
    "storage_failed",
    "internal",
  ],
  write: ["unsupported_media_type", "client_id_reused", "storage_full"],
} as const satisfies Record<string, readonly ErrorCode[]>;

export const errorCodes = Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]];
