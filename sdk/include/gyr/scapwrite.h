/*
 * scapwrite: events to a recording that the replay source, and other readers of the format, play
 * back.
 *
 * In: events as the host hands them to parsers, records of gyr/scapmeta.h among them. Out: a file of
 * one section after the other. A section begins with gyr.section; for sources that do not tell about
 * the system, it begins with the first event, and describes this machine.
 *
 * Interfaces and users go into one block each, so they and the events before gyr.ready wait in
 * memory, GYR_SCAPWRITE_WAITING_MAX bytes of them at most.
 *
 * Threads: one at a time. Target: gyr_scapwrite (static library).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <gyr/abi.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { GYR_SCAPWRITE_WAITING_MAX = 64 << 20 };

struct gyr_scapwrite;

/* Makes the file, or empties it; it is the owner's alone (mode 0600). A negative errno. */
int gyr_scapwrite_open(const char *path, struct gyr_scapwrite **ret_writer);

/*
 * Adds an event. @is_hidden: rules did not see it. The first failure stays: -EIO and others of the
 * file, -ENOMEM, -ENOBUFS for too much that waits. -EBADMSG for an event whose lengths do not fit, or
 * a record that cannot be read: it is left out, and the next may follow.
 */
int gyr_scapwrite_event(struct gyr_scapwrite *w, const ss_plugin_event *evt, bool is_hidden);

/* Writes out what is in memory and closes the file; NULL is fine. The first failure of all. */
int gyr_scapwrite_close(struct gyr_scapwrite *w);

#ifdef __cplusplus
}
#endif
