#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/time.h>

/*
 * Clocks and the texts of times. Any thread.
 *
 * `_us` is microseconds and, for a point in time, CLOCK_MONOTONIC; `_ms` of a wall time is
 * milliseconds since the epoch, as BSON dates are.
 */

#define USEC_PER_MSEC UINT64_C(1000)
#define USEC_PER_SEC UINT64_C(1000000)

/* Enough for "2026-11-23T12:00:00.123Z" and its NUL, years of four digits. */
#define TIME_RFC3339_SIZE 32

uint64_t time_now_us(void);

/* CLOCK_BOOTTIME, which goes on while the machine sleeps. */
uint64_t time_boot_us(void);

int64_t time_wall_ms(void);

/* A span of time as timers want it. */
struct timeval time_as_timeval(uint64_t us);

/* RFC 3339 in UTC with milliseconds; @text has TIME_RFC3339_SIZE bytes. Returns @text. */
char *time_format_rfc3339(int64_t wall_ms, char *text);

/*
 * Reads an HTTP-date in any of its three forms (RFC 9110, section 5.6.7).
 * Returns 0, or -EINVAL with @ret_s untouched, also for a day that no month has. @ret_s: seconds since the epoch.
 */
int http_date_parse(const char *text, int64_t *ret_s);
