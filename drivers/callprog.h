/*
 * callprog: which of the programs in bpf/ builds the event of a call.
 *
 * Threads: any; nothing is kept.
 */
#pragma once

#include <stdint.h>

/* The name of the program of @call, without the x_ that all have in front. Static. */
const char *callprog_name(const char *call);

/* Calls that the program which all calls come by does itself: how it knows them (WIRE_RESULT_FD,
 * WIRE_OPENAT). 0: a program of its own does it. */
uint8_t callprog_bits(const char *call);
