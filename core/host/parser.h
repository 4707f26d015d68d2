/*
 * parser: shows each event to the plugins that keep state, in load order, before any rule sees it.
 *
 * Lifetime: parser_new() to parser_free(); the instances stay the caller's. Threads: one.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "event/event.h"
#include "host/instance.h"
#include "host/source.h"

struct parser;

/* Of @instances (NULLs are skipped) those that parse events of @source. NULL: memory is short. */
struct parser *parser_new(struct instance *const *instances, uint32_t n, struct str source);
struct parser *parser_free(struct parser *p);

/* How many plugins it calls; with 0 the pipeline may skip it. */
uint32_t parser_count(const struct parser *p);

/* Whether parser_stretch() can do what parser_run() would for an event of this code: one plugin at most parses
 * it, and takes many at once. Changes only with parser_count(). */
bool parser_takes_many(const struct parser *p, uint16_t code);

/* In place of parser_run() for each of these events, about which nothing will be asked. */
void parser_stretch(struct parser *p, const struct source_stretch *s);

/* Once per event. A plugin's failure is counted in its instance and does not stop the event. */
void parser_run(struct parser *p, const struct event *evt);
