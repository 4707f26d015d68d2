/*
 * summary: what a run says about itself: a line when it begins, one while it lasts, the account when it is over.
 *
 * The account goes to standard error. With a configuration given it is followed, on standard output,
 * by the lines that users of Falco's configuration expect there.
 */
#pragma once

struct engine;

/* One line on the terminal, before the first event: what is about to run, and how it ends. */
void summary_begin(const struct engine *e);

/* One line on the terminal, over the last one. */
void summary_progress(const struct engine *e);

/* After sources and outputs are done. */
void summary_print(const struct engine *e);
