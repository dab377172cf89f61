#pragma once

#include <stdint.h>

#include "tests/testapi/bytes.h"

/*
 * The body of an answer: a start, a run of one unit as often as it takes, and an end.
 *
 * A body of a gigabyte costs no memory that way, neither plain (the unit is a block of one character)
 * nor packed (the unit is such a block, compressed to stand alone between any two others).
 */

typedef struct Body Body;
typedef struct BodyFill BodyFill;
typedef struct BodyPacker BodyPacker;

#define BODY_FILL_SIZE ((size_t)256 << 10)

typedef enum {
        BODY_FILL_PAD,   /* 'x' */
        BODY_FILL_SPACE, /* of a bomb */
        _BODY_FILL_N,
} BodyFillKind;

struct Body {
        Text start;
        Text unit;
        uint64_t fill; /* bytes of repeated units; the last one may be cut */
        Text end;
        BodyFillKind kind; /* whose unit it is, for body_pack() */
};

/* Owns the units and the memory of the body packed last. */
struct BodyPacker {
        BodyFill *fills[_BODY_FILL_N];
        Bytes start;
        Bytes end;
};

/* Compresses one block of each kind. Returns 0 or -ENOMEM. */
int body_packer_init(BodyPacker *packer);
void body_packer_deinit(BodyPacker *packer);

/* A run of @n characters between @start and @end, which are not copied. */
Body body_filled(const BodyPacker *packer, Text start, BodyFillKind kind, uint64_t n, Text end);

/* The same body as gzip; the result's texts live until the next call. Returns 0 or -ENOMEM. */
int body_pack(BodyPacker *packer, const Body *plain, Body *ret_packed);

static inline uint64_t body_length(const Body *body) {
        return body->start.len + body->fill + body->end.len;
}
