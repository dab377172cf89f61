/* Order-preserving keys of BSON values. */

#include "daemon/store/sqlite_key.h"

#include <errno.h>
#include <string.h>

#include "common/alloc.h"
#include "daemon/policy/bson_compare.h"
#include "daemon/policy/bson_number.h"

#define FIRST_SIZE ((size_t)64)
#define EXPONENT_BIAS 0x8000
#define SIGN_64 (UINT64_C(1) << 63)

static void put_value(SqliteKey *key, const bson_value_t *value);

/* Without memory it only takes note: the caller looks once, at the end. */
static void put(SqliteKey *key, const void *bytes, size_t len) {
        if (len == 0)
                return;

        if (len > key->size - key->len) {
                size_t size = key->size > 0 ? 2 * key->size : FIRST_SIZE;
                uint8_t *grown;

                while (size - key->len < len)
                        size *= 2;
                grown = realloc(key->bytes, size);
                if (!grown) {
                        key->out_of_memory = true;
                        return;
                }
                key->bytes = grown;
                key->size = size;
        }

        memcpy(key->bytes + key->len, bytes, len);
        key->len += len;
}

static void put_byte(SqliteKey *key, unsigned byte) {
        const uint8_t value = (uint8_t)byte;

        put(key, &value, 1);
}

static void put_uint(SqliteKey *key, uint64_t value, int n_bytes) {
        for (int shift = 8 * (n_bytes - 1); shift >= 0; shift -= 8)
                put_byte(key, (unsigned)(value >> shift) & 0xff);
}

/* 0x00 becomes 0x00 0xff and the end is 0x00 0x00, so that a text comes before what it begins. */
static void put_text(SqliteKey *key, const void *text, size_t len) {
        static const uint8_t escaped[] = { 0x00, 0xff }, end[] = { 0x00, 0x00 };
        const uint8_t *from = text, *nul;

        while (len > 0 && (nul = memchr(from, 0, len))) {
                put(key, from, (size_t)(nul - from));
                put(key, escaped, sizeof(escaped));
                len -= (size_t)(nul - from) + 1;
                from = nul + 1;
        }

        put(key, from, len);
        put(key, end, sizeof(end));
}

/* Two digits a byte, 0x01 to 0x64, ended by 0x00; below zero all bits are turned, so that more is less. */
static void put_number(SqliteKey *key, const bson_value_t *value) {
        BsonNumber number;
        unsigned turn;

        bson_number_read(value, &number);
        put_byte(key, 1 + number.kind);
        if (number.kind != BSON_NUMBER_NEGATIVE && number.kind != BSON_NUMBER_POSITIVE)
                return;

        turn = number.kind == BSON_NUMBER_NEGATIVE ? 0xff : 0x00;
        put_byte(key, ((unsigned)(number.exponent + EXPONENT_BIAS) >> 8) ^ turn);
        put_byte(key, ((unsigned)(number.exponent + EXPONENT_BIAS) & 0xff) ^ turn);
        for (size_t i = 0; i < number.n_digits; i += 2) {
                unsigned second = i + 1 < number.n_digits ? number.digits[i + 1] : 0;

                put_byte(key, (number.digits[i] * 10U + second + 1) ^ turn);
        }
        put_byte(key, turn);
}

/*
 * Elements by bracket, name (which arrays share) and value; 0x00, which is no bracket, ends them.
 * As deep as the document is nested, which the readers of JSON and BSON bound at about 100 levels.
 */
static void put_elements(SqliteKey *key, const bson_value_t *value) {
        bool named = value->value_type == BSON_TYPE_DOCUMENT;
        bson_iter_t iter;

        if (bson_iter_init_from_data(&iter, value->value.v_doc.data, value->value.v_doc.data_len))
                while (bson_iter_next(&iter)) {
                        put_byte(key, 1 + (unsigned)bson_compare_bracket(bson_iter_type(&iter)));
                        if (named)
                                put_text(key, bson_iter_key(&iter), strlen(bson_iter_key(&iter)));
                        put_value(key, bson_iter_value(&iter));
                }

        put_byte(key, 0);
}

static void put_binary(SqliteKey *key, const bson_value_t *value) {
        put_uint(key, value->value.v_binary.data_len, 4);
        put_byte(key, value->value.v_binary.subtype);
        put(key, value->value.v_binary.data, value->value.v_binary.data_len);
}

/* The deprecated types, whose values nobody uses as an _id but which must not be confused. */
static void put_rare(SqliteKey *key, const bson_value_t *value) {
        if (value->value_type == BSON_TYPE_REGEX) {
                put_text(key, value->value.v_regex.regex, strlen(value->value.v_regex.regex));
                put_text(key, value->value.v_regex.options, strlen(value->value.v_regex.options));
        } else if (value->value_type == BSON_TYPE_DBPOINTER) {
                put_text(key, value->value.v_dbpointer.collection, value->value.v_dbpointer.collection_len);
                put(key, value->value.v_dbpointer.oid.bytes, sizeof(value->value.v_dbpointer.oid.bytes));
        } else if (value->value_type == BSON_TYPE_CODE) {
                put_text(key, value->value.v_code.code, value->value.v_code.code_len);
        } else if (value->value_type == BSON_TYPE_CODEWSCOPE) {
                put_text(key, value->value.v_codewscope.code, value->value.v_codewscope.code_len);
                put_text(key, value->value.v_codewscope.scope_data, value->value.v_codewscope.scope_len);
        }
}

static void put_value(SqliteKey *key, const bson_value_t *value) {
        if (bson_number_is(value->value_type)) {
                put_number(key, value);
                return;
        }

        switch (value->value_type) {
        case BSON_TYPE_UTF8:
                put_text(key, value->value.v_utf8.str, value->value.v_utf8.len);
                break;
        case BSON_TYPE_SYMBOL:
                put_text(key, value->value.v_symbol.symbol, value->value.v_symbol.len);
                break;
        case BSON_TYPE_DOCUMENT:
        case BSON_TYPE_ARRAY:
                put_elements(key, value);
                break;
        case BSON_TYPE_BINARY:
                put_binary(key, value);
                break;
        case BSON_TYPE_OID:
                put(key, value->value.v_oid.bytes, sizeof(value->value.v_oid.bytes));
                break;
        case BSON_TYPE_BOOL:
                put_byte(key, value->value.v_bool);
                break;
        case BSON_TYPE_DATE_TIME:
                put_uint(key, (uint64_t)value->value.v_datetime ^ SIGN_64, 8);
                break;
        case BSON_TYPE_TIMESTAMP:
                put_uint(key, value->value.v_timestamp.timestamp, 4);
                put_uint(key, value->value.v_timestamp.increment, 4);
                break;
        default:
                put_rare(key, value);
                break;
        }
}

int sqlite_key_set(SqliteKey *key, const bson_value_t *id) {
        key->len = 0;
        key->out_of_memory = false;
        put_byte(key, 1 + (unsigned)bson_compare_bracket(id->value_type));
        put_value(key, id);
        return key->out_of_memory ? -ENOMEM : 0;
}

int sqlite_key_copy(SqliteKey *key, const void *bytes, size_t len) {
        key->len = 0;
        key->out_of_memory = false;
        put(key, bytes, len);
        return key->out_of_memory ? -ENOMEM : 0;
}

void sqlite_key_deinit(SqliteKey *key) {
        free(key->bytes);
        *key = (SqliteKey)SQLITE_KEY_INIT;
}
