/*
 * notices: what the program itself tells through its outputs, as alerts of the source "internal".
 *
 * Threads: [main]. Nothing here waits for an output: what its queue has no room for is counted there.
 */
#pragma once

struct engine;
struct notice;

/* To the outputs that its routes name. */
void notices_send(struct engine *e, const struct notice *n);

/* What was suppressed since it was last told, one notice a rule. */
void notices_suppressed(struct engine *e);

/* The configuration or the rules that were to be taken up are wrong, and why. */
void notices_reload_failed(struct engine *e, const char *why);
