/*
 * crew: the plugin instances that work on the events of one source thread, and the state tables they
 * share.
 *
 * Lifetime: crew_init() to crew_deinit(), after everything that calls the instances; does not move.
 * Threads: made and freed on [main], used on one source thread.
 */
#pragma once

#include "host/instance.h"
#include "run/plugset.h"

struct tables;

struct crew {
	struct services services;
	struct tables *tables;
	struct instance *instances[PLUGSET_MAX]; /* by the plug's index, as field.owner */
	uint32_t n;
	/* The same, without gaps, in the order in which they were made and see an event: those that
	 * offer state tables before those that may ask for them. */
	struct instance *started[PLUGSET_MAX];
	uint32_t n_started;
	struct routines *routines; /* of listening plugins; NULL when there are none */
	bool is_told, listens;     /* capture_open was called, with success */
	struct instance *source;   /* that of the plug to be opened; NULL when none was given */
};

/* What a crew is for. */
struct crew_task {
	const struct str *sources; /* the event sources */
	uint32_t n_sources;
	const struct plug *opening; /* the plug to be opened; NULL: none */
};

/* Instances of all opened plugins that have to do with events of those sources. The errnos of
 * instance_new() with @err; crew_deinit() is due in any case. */
int crew_init(struct crew *c, struct plugset *set, const struct crew_task *task,
	      const struct log *log, struct err *err);

/* Tells listening plugins that the capture begins, once; to be called when everything that a source
 * tells beside its events was told, for they look at the state tables then. The errnos of
 * listen_open(). [source thread, or before it starts] */
int crew_listen(struct crew *c, struct err *err);

/* Takes NULLs and what is half made; the source is closed before. */
void crew_deinit(struct crew *c);
