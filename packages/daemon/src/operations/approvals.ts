/** Approvals: the inbox, and the one decision that wins. */
import { refuse, type Approval } from "@skein/contract";
import { sessionKind } from "../engine/session-kind.ts";
import type { Handlers } from "./handlers.ts";
import { findApproval, findSessionId, viewApprovals } from "./find.ts";
import { identityOf, type OperationDeps } from "./ports.ts";

/** Says who was faster, when and how. */
const tooLate = (approval: Approval): Error => {
  if (approval.state === "expired") {
    const reason = approval.expired?.reason ?? "nobody needs it any more";
    return refuse(
      "approval_expired",
      `This approval has expired: ${reason}.`,
      "Nothing to do; look at the session with `skein status`.",
      { approval },
    );
  }
  const { decision = "", by = "", at = "" } = approval.resolution ?? {};
  return refuse(
    "already_resolved",
    `This approval was decided before: ${decision} by ${by} at ${at}.`,
    "Nothing to do; the first decision counts.",
    { approval },
  );
};

export const approvalHandlers = (
  deps: OperationDeps,
): Pick<Handlers, "approvals.list" | "approvals.get" | "approvals.resolve"> => ({
  "approvals.list": async (input) => {
    const parent =
      input.session === undefined ? undefined : await findSessionId(deps.store, input.session);
    const page = await deps.store.rows({
      kind: "approval",
      live: input.all ? "all" : true,
      order: input.all ? "newest" : "oldest",
      limit: input.limit,
      ...(parent === undefined ? {} : { parent }),
      ...(input.cursor === undefined ? {} : { cursor: input.cursor }),
    });
    return { approvals: await viewApprovals(deps.store, page.rows), next: page.next };
  },

  "approvals.get": ({ approval }) => findApproval(deps.store, approval),

  "approvals.resolve": (input, caller) =>
    deps.engine.receipts.once(
      {
        caller: identityOf(caller),
        clientId: input.clientId,
        operation: "approvals.resolve",
        input,
      },
      async (receipt) => {
        const approval = await findApproval(deps.store, input.approval);
        if (approval.state !== "open") throw tooLate(approval);
        const { decision, message = null, answers = null } = input;
        try {
          return await deps.engine.dispatch(
            sessionKind,
            approval.session,
            { type: "resolve", approval: approval.id, decision, message, answers },
            {
              actor: caller.actor,
              receipt,
              answer: (_state, result) => ({
                ...approval,
                state: "resolved" as const,
                resolution: result["resolution"] as Approval["resolution"],
              }),
            },
          );
        } catch (error) {
          const late =
            (error as { problem?: { code?: string } }).problem?.code === "already_resolved";
          throw late ? tooLate(await findApproval(deps.store, input.approval)) : error;
        }
      },
    ),
});
