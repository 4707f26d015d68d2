/*
 * alert_writer: the inside of an alert writer, shared by those who write alerts: of rules, and of
 * what the program itself reports.
 */
#pragma once

#include "route/alert.h"

/* The time of day is worked out once a second, not once an alert. */
struct alert_writer {
	struct alert_pool *pool;
	struct alert *spare; /* a few of the pool's, taken at once */
	struct buf message;  /* as the template gives it, any bytes */
	struct buf form;     /* the text of a form, any bytes */
	uint64_t second;     /* of the texts below; UINT64_MAX: none yet */
	char local[16];      /* HH:MM:SS */
	char utc[32];        /* YYYY-MM-DDTHH:MM:SS */
	char fraction[10];   /* .581541000 */
};

/* Makes the texts of the writer those of @ts. */
void alert_writer_time(struct alert_writer *w, uint64_t ts);

/* "14:09:12.581541000: Warning ", of the time the writer was given. */
void alert_add_prefix(const struct alert_writer *w, struct buf *b, const struct alert_options *o,
		      const char *priority);
