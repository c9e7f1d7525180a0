// English: what the lines of the audit log say. An action that is not listed shows its own name.
export const actions: Record<string, string> = {};
