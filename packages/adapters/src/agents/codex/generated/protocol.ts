// Codex 0.169.0, written by ../generate.ts out of `codex app-server generate-ts --experimental`. Do not edit.
export type AbsolutePathBuf = string;
export type FunctionCallOutputBody = string | Array<FunctionCallOutputContentItem>;
export type FunctionCallOutputContentItem = { "type": "input_text", text: string, } | { "type": "input_image", detail?: ImageDetail, } & ({ image_url: string, } | { file_id: string, }) | { "type": "input_audio", } & ({ audio_url: string, } | { file_id: string, }) | { "type": "encrypted_content", encrypted_content: string, };
export type ImageDetail = "auto" | "low" | "high" | "original";
export type ImageGenerationFailure = { "type": "usageLimitExceeded", limitId: string, resetsAt: number | null, };
export type ImageGenerationInputImage = { path: AbsolutePathBuf,
sha256: string, };
export type ImageGenerationItem = { id: string, status: string, revisedPrompt: string | null, transparentBackground?: boolean, failure: ImageGenerationFailure | null, savedPath?: AbsolutePathBuf,
inputImages?: Array<ImageGenerationInputImage>,
generationId: string | null, } & ({ fileId: string, } | { result: string, });
export type InputModality = "text" | "image" | "audio";
export type LegacyAppPathString = string;
export type MessagePhase = "commentary" | "partial_answer" | "final_answer";
export type PlanType = "free" | "go" | "plus" | "pro" | "prolite" | "promax" | "team" | "self_serve_business_prolite" | "self_serve_business_usage_based" | "business" | "ent26" | "enterprise_cbp_automation" | "enterprise_cbp_usage_based" | "enterprise" | "edu" | "edu_plus" | "edu_pro" | "sci" | "sci_plus" | "unknown";
export type ReasoningEffort = string;
export type SleepItem = { id: string, durationMs: number, };
export type WebSearchItem = { id: string, query: string, action: WebSearchAction | null,
results: Array<JsonValue> | null, };
export type JsonValue = number | string | boolean | Array<JsonValue> | { [key in string]?: JsonValue } | null;
export type Account = { "type": "apiKey", } | { "type": "chatgpt", email: string | null, planType: PlanType,
workspaceName: string | null, } | { "type": "amazonBedrock", usesCodexManagedCredentials: boolean, } | { "type": "gcp", };
export type AccountRoutingOverride = "NO_CONSTRAINT" | "us" | "us_cr";
export type AdditionalFileSystemPermissions = {
read: Array<LegacyAppPathString> | null,
write: Array<LegacyAppPathString> | null, globScanMaxDepth?: number, entries?: Array<FileSystemSandboxEntry>, };
export type AdditionalNetworkPermissions = { enabled: boolean | null, };
export type AdditionalPermissionProfile = {
network: AdditionalNetworkPermissions | null, fileSystem: AdditionalFileSystemPermissions | null, };
export type AgentMessageDelivery = "async";
export type AgentMessageDisplay = {
action: string, blockType: string | null, cyberTrustedAccess: boolean | null, checkTrustedContacts: boolean | null, };
export type AgentMessageModeration = { moderated: boolean, display: AgentMessageDisplay | null, };
export type AskForApproval = "untrusted" | "on-request" | { "granular": { sandbox_approval: boolean, rules: boolean, skill_approval: boolean, request_permissions: boolean, mcp_elicitations: boolean, } } | "never";
export type AsyncUserInputQuestion = { title: string, options: Array<string> | null, };
export type ByteRange = { start: number, end: number, };
export type CodexErrorInfo = "contextWindowExceeded" | "sessionBudgetExceeded" | "usageLimitExceeded" | "rateLimitExceeded" | "flexUnavailable" | "serverOverloaded" | "modelNotFound" | "policyCapacityUnavailable" | "inferenceHookDenied" | "cyberPolicy" | "misalignmentPolicyViolation" | "tooManyDenials" | { "httpConnectionFailed": { httpStatusCode: number | null, } } | { "responseStreamConnectionFailed": { httpStatusCode: number | null, } } | "internalServerError" | "unauthorized" | "badRequest" | "threadRollbackFailed" | "sandboxError" | { "responseStreamDisconnected": { httpStatusCode: number | null, } } | { "responseTooManyFailedAttempts": { httpStatusCode: number | null, } } | { "activeTurnNotSteerable": { turnKind: NonSteerableTurnKind, } } | "other" | string | { [key: string]: unknown };
export type CollabAgentState = { status: CollabAgentStatus, message: string | null, };
export type CollabAgentStatus = "pendingInit" | "running" | "interrupted" | "completed" | "errored" | "shutdown" | "notFound";
export type CollabAgentTool = "spawnAgent" | "sendInput" | "resumeAgent" | "wait" | "closeAgent" | "sendMessage" | "followupTask" | "interruptAgent" | "listAgents";
export type CollabAgentToolCallStatus = "inProgress" | "completed" | "failed" | "interrupted";
export type CommandAction = { "type": "read", command: string, name: string, path: LegacyAppPathString, } | { "type": "listFiles", command: string, path: string | null, } | { "type": "search", command: string, query: string | null, path: string | null, } | { "type": "unknown", command: string, };
export type CommandExecutionApprovalDecision = "accept" | "acceptForSession" | { "acceptWithExecpolicyAmendment": { execpolicy_amendment: ExecPolicyAmendment, } } | { "applyNetworkPolicyAmendment": { network_policy_amendment: NetworkPolicyAmendment, } } | "decline" | "cancel";
export type CommandExecutionApprovalKind = "command" | "humanCommand" | "writeStdin";
export type CommandExecutionRequestApprovalParams = {
kind: CommandExecutionApprovalKind, threadId: string, turnId: string, itemId: string,
startedAtMs: number,
approvalId?: string | null,
environmentId: string | null,
reason?: string | null,
networkApprovalContext?: NetworkApprovalContext | null,
command?: string | null,
cwd?: LegacyAppPathString | null,
commandActions?: Array<CommandAction> | null,
additionalPermissions?: AdditionalPermissionProfile | null,
proposedExecpolicyAmendment?: ExecPolicyAmendment | null,
proposedNetworkPolicyAmendments?: Array<NetworkPolicyAmendment> | null,
availableDecisions?: Array<CommandExecutionApprovalDecision> | null, };
export type CommandExecutionSource = "agent" | "userShell" | "unifiedExecStartup" | "unifiedExecInteraction";
export type CommandExecutionStatus = "inProgress" | "completed" | "failed" | "declined";
export type CyberAccessProgram = "standard" | "daybreakBlue" | "daybreakRed";
export type DynamicToolCallOutputContentItem = { "type": "inputText", text: string, } | { "type": "inputImage", imageUrl: string, } | { "type": "inputAudio", audioUrl: string, };
export type DynamicToolCallStatus = "inProgress" | "completed" | "failed";
export type ErrorNotification = { error: TurnError, willRetry: boolean, threadId: string, turnId: string, };
export type ExecPolicyAmendment = Array<string>;
export type FileChangeRequestApprovalParams = { threadId: string, turnId: string, itemId: string,
startedAtMs: number,
reason?: string | null,
grantRoot?: string | null, };
export type FileSystemAccessMode = "read" | "write" | "deny";
export type FileSystemPath = { "type": "path", path: LegacyAppPathString, } | { "type": "glob_pattern", pattern: string, } | { "type": "special", value: FileSystemSpecialPath, };
export type FileSystemSandboxEntry = { path: FileSystemPath, access: FileSystemAccessMode, };
export type FileSystemSpecialPath = { "kind": "root" } | { "kind": "minimal" } | { "kind": "project_roots", subpath: LegacyAppPathString | null, } | { "kind": "tmpdir" } | { "kind": "slash_tmp" } | { "kind": "unknown", path: string, subpath: LegacyAppPathString | null, };
export type FileUpdateChange = { path: string, kind: PatchChangeKind, diff: string, };
export type GetAccountResponse = { account: Account | null,
userId: string | null, requiresOpenaiAuth: boolean, workspaceRouting: WorkspaceRouting | null, };
export type HookPromptFragment = { text: string, hookRunId: string, };
export type McpAppDisplayMode = "inline" | "fullscreen";
export type McpAppUi = { resourceUri: string, preferredModelDisplayMode: McpAppDisplayMode, };
export type McpToolCallAppContext = { connectorId: string, linkId: string | null, resourceUri: string | null, appName: string | null, actionName: string | null, };
export type McpToolCallError = { message: string, };
export type McpToolCallResult = { content: Array<JsonValue>, structuredContent: JsonValue | null, _meta: JsonValue | null, };
export type McpToolCallStatus = "inProgress" | "completed" | "failed";
export type MemoryCitation = { entries: Array<MemoryCitationEntry>, threadIds: Array<string>, };
export type MemoryCitationEntry = { path: string, lineStart: number, lineEnd: number, note: string, };
export type MisalignmentErrorDetails = {
errorType: string | null,
detailedExplanation: string | null,
steer: MisalignmentSteer | null,
reviewTarget?: string | null, };
export type MisalignmentSteer = { message: string, };
export type Model = { id: string, model: string, upgrade: string | null, upgradeInfo: ModelUpgradeInfo | null, availabilityNux: ModelAvailabilityNux | null, displayName: string, description: string, modelSpecialty: string | null, hidden: boolean, supportedReasoningEfforts: Array<ReasoningEffortOption>, defaultReasoningEffort: ReasoningEffort, inputModalities: Array<InputModality>,
supportsPersonality: boolean,
multiAgentVersion: MultiAgentVersion | null,
additionalSpeedTiers: Array<string>, serviceTiers: Array<ModelServiceTier>,
defaultServiceTier: string | null,
availableAccessPrograms: ModelAccessPrograms | null, isDefault: boolean, };
export type ModelAccessPrograms = {
cyber: Array<CyberAccessProgram>, };
export type ModelAvailabilityNux = { message: string, };
export type ModelServiceTier = { id: string, name: string, description: string, };
export type ModelUpgradeInfo = { model: string, upgradeCopy: string | null, modelLink: string | null, migrationMarkdown: string | null,
retirementAt: number | null, };
export type MultiAgentVersion = "disabled" | "v1" | "v2";
export type NetworkAccess = "restricted" | "enabled";
export type NetworkApprovalContext = { host: string, protocol: NetworkApprovalProtocol, };
export type NetworkApprovalProtocol = "http" | "https" | "socks5Tcp" | "socks5Udp";
export type NetworkPolicyAmendment = { host: string, action: NetworkPolicyRuleAction, };
export type NetworkPolicyRuleAction = "allow" | "deny";
export type NonSteerableTurnKind = "review" | "compact";
export type PatchApplyStatus = "inProgress" | "completed" | "failed" | "declined";
export type PatchChangeKind = { "type": "add" } | { "type": "delete" } | { "type": "update", move_path: string | null, };
export type ReasoningEffortOption = { reasoningEffort: ReasoningEffort, description: string, };
export type SandboxMode = "read-only" | "workspace-write" | "danger-full-access";
export type SandboxPolicy = { "type": "dangerFullAccess" } | { "type": "readOnly", networkAccess: boolean, } | { "type": "externalSandbox", networkAccess: NetworkAccess, } | { "type": "workspaceWrite", writableRoots: Array<AbsolutePathBuf>, networkAccess: boolean, excludeTmpdirEnvVar: boolean, excludeSlashTmp: boolean, };
export type SubAgentActivityKind = "started" | "interacted" | "interrupted" | "completed";
export type TextElement = {
byteRange: ByteRange,
placeholder: string | null, };
export type ThreadActiveFlag = "waitingOnApproval" | "waitingOnUserInput";
export type ThreadItem = {
startedAtMs?: number | null,
completedAtMs?: number | null, } & ({ "type": "userMessage", id: string, clientId: string | null, content: Array<UserInput>, } | { "type": "hookPrompt", id: string, fragments: Array<HookPromptFragment>, } | { "type": "agentMessage", moderation: AgentMessageModeration | null, id: string, text: string, phase: MessagePhase | null, memoryCitation: MemoryCitation | null, delivery: AgentMessageDelivery | null, questions: Array<AsyncUserInputQuestion> | null, } | { "type": "functionCallOutput", id: string, name: string, namespace: string | null, output: FunctionCallOutputBody, } | { "type": "plan", id: string, text: string, } | { "type": "reasoning", id: string, summary: Array<string>, content: Array<string>, } | { "type": "commandExecution", id: string,
pluginId: string | null,
scriptPath: string | null,
command: string,
cwd: LegacyAppPathString,
processId: string | null, source: CommandExecutionSource, status: CommandExecutionStatus,
commandActions: Array<CommandAction>,
aggregatedOutput: string | null,
exitCode: number | null,
durationMs: number | null, } | { "type": "fileChange", id: string, changes: Array<FileUpdateChange>, status: PatchApplyStatus, } | { "type": "mcpToolCall", id: string, server: string, tool: string, status: McpToolCallStatus, arguments: JsonValue, appContext: McpToolCallAppContext | null,
mcpAppResourceUri?: string,
mcpAppUi: McpAppUi | null, pluginId: string | null, readOnlyHint: boolean | null, result: McpToolCallResult | null, error: McpToolCallError | null,
durationMs: number | null, } | { "type": "dynamicToolCall", id: string, namespace: string | null, tool: string, arguments: JsonValue, status: DynamicToolCallStatus, contentItems: Array<DynamicToolCallOutputContentItem> | null, success: boolean | null,
durationMs: number | null, } | { "type": "collabAgentToolCall",
id: string,
tool: CollabAgentTool,
status: CollabAgentToolCallStatus,
senderThreadId: string,
receiverThreadIds: Array<string>,
prompt: string | null,
model: string | null,
reasoningEffort: ReasoningEffort | null,
agentsStates: { [key in string]?: CollabAgentState }, } | { "type": "subAgentActivity",
model: string | null,
reasoningEffort: ReasoningEffort | null, id: string, kind: SubAgentActivityKind, agentThreadId: string, agentPath: string, } | { "type": "webSearch" } & WebSearchItem | { "type": "imageView", id: string, path: LegacyAppPathString, } | { "type": "sleep" } & SleepItem | { "type": "imageGeneration" } & ImageGenerationItem | { "type": "enteredReviewMode", id: string, review: string, } | { "type": "exitedReviewMode", id: string, review: string, } | { "type": "contextCompaction", id: string, });
export type ThreadStatus = { "type": "notLoaded" } | { "type": "idle" } | { "type": "systemError" } | { "type": "active", activeFlags: Array<ThreadActiveFlag>, };
export type ThreadTokenUsage = { total: TokenUsageBreakdown, last: TokenUsageBreakdown, modelContextWindow: number | null, };
export type TokenUsageBreakdown = { totalTokens: number, inputTokens: number, cachedInputTokens: number, cacheWriteInputTokens: number, outputTokens: number, reasoningOutputTokens: number, };
export type ToolRequestUserInputOption = { label: string, description: string, };
export type ToolRequestUserInputParams = { threadId: string, turnId: string, itemId: string, questions: Array<ToolRequestUserInputQuestion>, isBlocking: boolean,
autoResolutionMs: number | null, };
export type ToolRequestUserInputQuestion = { id: string, header: string, question: string, isOther: boolean, isSecret: boolean, options: Array<ToolRequestUserInputOption> | null, };
export type Turn = {
id: string,
rootTurnId: string | null,
items: Array<ThreadItem>,
itemsView: TurnItemsView, status: TurnStatus,
error: TurnError | null,
startedAt: number | null,
completedAt: number | null,
durationMs: number | null, };
export type TurnError = { message: string, codexErrorInfo: CodexErrorInfo | null, additionalDetails: string | null,
misalignment: MisalignmentErrorDetails | null, };
export type TurnItemsView = "notLoaded" | "summary" | "full";
export type TurnStatus = "completed" | "interrupted" | "failed" | "inProgress";
export type UserInput = { "type": "text", text: string,
text_elements: Array<TextElement>, } | { "type": "image", detail?: ImageDetail, } & ({ url: string, } | { fileId: string, }) | { "type": "localImage", detail?: ImageDetail, path: string, } | { "type": "audio", } & ({ url: string, } | { fileId: string, }) | { "type": "localAudio", path: string, } | { "type": "skill", name: string, path: string, } | { "type": "mention", name: string, path: string, };
export type WebSearchAction = { "type": "search", query: string | null, queries: Array<string> | null, } | { "type": "openPage", url: string | null, } | { "type": "findInPage", url: string | null, pattern: string | null, } | { "type": "other" };
export type WorkspaceRouting = { chatgptAccountId: string, backendOrigin: string, accountRoutingOverride: AccountRoutingOverride, };
