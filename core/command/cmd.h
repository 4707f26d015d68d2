/*
 * cmd: commands that answer a question and end. Each prints on standard output and returns 0, or
 * negative errno with @err for what the caller tells. [main]
 */
#pragma once

#include "run/setup.h"
#include "util/err.h"

int cmd_version(struct setup *s, struct err *err);
int cmd_list_plugins(struct setup *s, struct err *err);
int cmd_plugin_info(struct setup *s, struct err *err);
int cmd_list_events(struct setup *s, struct err *err);
int cmd_ignored_events(struct setup *s, struct err *err);
int cmd_list_fields(struct setup *s, struct err *err);

/* --support */
int cmd_support(struct setup *s, struct err *err);

/* -V, -L, -l */
int cmd_validate(struct setup *s, struct err *err);
int cmd_describe(struct setup *s, struct err *err);

/* explain [RULE] */
int cmd_explain(struct setup *s, struct err *err);

/* fmt PATH ...: rewrites rules files that are not laid out; with --check only names them, and the
 * answer is 1 when there are any. Needs no set-up. */
int cmd_fmt(const struct options *o, struct err *err);

/* top [URL]: asks the control endpoint there, or where the configuration has it; the answer is 1 when
 * it does not answer. */
int cmd_top(struct setup *s, struct err *err);

/* test PATH ...: the answer is 1 when a test failed. */
int cmd_test(struct setup *s, struct err *err);
