/*
 * statedump: the state as the records of gyr/scapmeta.h, at the head of a recording that begins in the
 * middle: whoever plays it back knows the processes, descriptors, users and interfaces of that moment.
 *
 * Threads: that of the state, between two events.
 */
#pragma once

#include <gyr/plugin.h>

/* -ENOMEM; -EINVAL when the host refuses a record. */
int state_dump(struct gyr *p, struct gyr_dump *d);
