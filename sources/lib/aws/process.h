/*
 * process: a program whose output is read without waiting for it.
 *
 * The command is cut into words as a shell does with quotes and backslashes, and run without a shell: nothing in it is
 * expanded. Standard input is empty, standard error is ours.
 *
 * Lifetime: zero-initialised, process_start() to process_stop(). Threads: one.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "text.h"

enum { PROCESS_WORDS = 64, PROCESS_SECONDS = 60 };

struct process {
	pid_t pid;       /* 0: none */
	int fd;          /* can be read when there is something to do */
	bool is_closed;  /* it has no more to say, but is not over */
	uint64_t end_ms; /* it is killed then; by the monotonic clock */
	struct aws_text out;
};

/* 0; a negative errno with the reason in @err. @max: bytes of output at most. */
int process_start(struct process *p, const char *command, size_t max, char *err, size_t err_size)
	__attribute__((warn_unused_result));

/* Reads what there is: true when it is over, and then either the output is whole or @err says what is wrong. */
bool process_read(struct process *p, char *err, size_t err_size);

/* Kills it if need be, and frees its output. */
void process_stop(struct process *p);

/* Cuts @command, in place, into at most PROCESS_WORDS words and a NULL. The number of words; -EINVAL: a quote without an end, or too
 * many. */
int process_split(char *command, char **ret_words);
