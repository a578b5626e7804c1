/** The port that dev-sessions' gateway has (its version 0.4.4). */
export const GATEWAY_PORT = 6_767;
