/** An error in the words of gateway protocol 4, back as the contract's problem. */
import {
  errorCodes,
  problem,
  type ErrorCode,
  type GatewayError,
  type Problem,
} from "@skein/contract";

const BY_DETAIL: Readonly<Record<string, ErrorCode>> = {
  MISSING_SCOPE: "forbidden",
  CONTROL_UI_ORIGIN_NOT_ALLOWED: "forbidden",
  AUTH_TOKEN_MISMATCH: "unauthenticated",
  DEVICE_IDENTITY_REQUIRED: "unauthenticated",
  PAIRING_REQUIRED: "unauthenticated",
  AUTH_RATE_LIMITED: "locked_out",
  PROTOCOL_MISMATCH: "invalid_input",
};

const BY_CLASS: Readonly<Record<string, ErrorCode>> = {
  FORBIDDEN: "forbidden",
  NOT_PAIRED: "unauthenticated",
  UNAVAILABLE: "overloaded",
  APPROVAL_NOT_FOUND: "approval_not_found",
};

const REMEDIES: Partial<Record<ErrorCode, string>> = {
  unauthenticated: "Create a token with `skein token create`.",
  forbidden: "Use a token with that scope: `skein token create --scope`.",
  locked_out: "Wait five minutes, or use the unix socket.",
};

const codeOf = (error: GatewayError): ErrorCode => {
  const detail = error.details?.["code"];
  if (typeof detail === "string") {
    const known = errorCodes.find((code) => code === detail) ?? BY_DETAIL[detail];
    if (known !== undefined) return known;
  }
  return BY_CLASS[error.code] ?? "invalid_input";
};

export const problemOfGateway = (error: GatewayError): Problem => {
  const code = codeOf(error);
  const { code: _, remedy, ...details } = error.details ?? {};
  return problem(
    code,
    error.message,
    typeof remedy === "string" ? remedy : (REMEDIES[code] ?? "See /openapi.json."),
    Object.keys(details).length === 0 ? undefined : details,
  );
};
