/* Which BSON number a number's text becomes, as canonical Extended JSON tells it. */

#include "daemon/store/json_number.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/unit.h"

static char *print(const JsonNumber *number) {
        bson_t bson = BSON_INITIALIZER;
        char *text;

        if (number->kind == JSON_NUMBER_INT32)
                assert_true(BSON_APPEND_INT32(&bson, "", (int32_t)number->integer));
        else if (number->kind == JSON_NUMBER_INT64)
                assert_true(BSON_APPEND_INT64(&bson, "", number->integer));
        else if (number->kind == JSON_NUMBER_DOUBLE)
                assert_true(BSON_APPEND_DOUBLE(&bson, "", number->real));
        else
                assert_true(BSON_APPEND_DECIMAL128(&bson, "", &number->decimal));

        text = bson_as_canonical_extended_json(&bson, NULL);
        bson_destroy(&bson);
        return text;
}

static void test_numbers_keep_their_value(void **state) {
        static const struct {
                const char *text, *canonical;
        } cases[] = {
                { "0", "{ \"$numberInt\" : \"0\" }" },
                { "-1", "{ \"$numberInt\" : \"-1\" }" },
                { "2147483647", "{ \"$numberInt\" : \"2147483647\" }" },
                { "2147483648", "{ \"$numberLong\" : \"2147483648\" }" },
                { "-2147483649", "{ \"$numberLong\" : \"-2147483649\" }" },
                { "9223372036854775807", "{ \"$numberLong\" : \"9223372036854775807\" }" },
                { "-9223372036854775808", "{ \"$numberLong\" : \"-9223372036854775808\" }" },
                { "9223372036854775808", "{ \"$numberDecimal\" : \"9223372036854775808\" }" },
                { "18446744073709551615", "{ \"$numberDecimal\" : \"18446744073709551615\" }" },
                { "10000000000000000000", "{ \"$numberDouble\" : \"10000000000000000000.0\" }" },
                { "100000000000000000000000000000000000000000",
                        "{ \"$numberDouble\" : \"1.0000000000000000062e+41\" }" },
                { "1234567890123456789012345678901234",
                        "{ \"$numberDecimal\" : \"1234567890123456789012345678901234\" }" },
                { "12345678901234567890123456789012340",
                        "{ \"$numberDecimal\" : \"1.234567890123456789012345678901234E+34\" }" },
                { "-0", "{ \"$numberDouble\" : \"-0.0\" }" },
                { "-0.0e5", "{ \"$numberDouble\" : \"-0.0\" }" },
                { "0.0", "{ \"$numberDouble\" : \"0.0\" }" },
                { "0e99999999999", "{ \"$numberDouble\" : \"0.0\" }" },
                { "1.0", "{ \"$numberDouble\" : \"1.0\" }" },
                { "1e2", "{ \"$numberDouble\" : \"100.0\" }" },
                { "-2.50E-1", "{ \"$numberDouble\" : \"-0.25\" }" },
                { "1000000000000000000e-18", "{ \"$numberDouble\" : \"1.0\" }" },
                { "0.30000000000000004", "{ \"$numberDouble\" : \"0.30000000000000004441\" }" },
                { "0.30000000000000005", "{ \"$numberDecimal\" : \"0.30000000000000005\" }" },
                { "9007199254740993.0", "{ \"$numberDecimal\" : \"9007199254740993\" }" },
                { "0.10000000000000001", "{ \"$numberDecimal\" : \"0.10000000000000001\" }" },
                { "1.7976931348623157e308", "{ \"$numberDouble\" : \"1.7976931348623157081e+308\" }" },
                { "1.8e308", "{ \"$numberDecimal\" : \"1.8E+308\" }" },
                { "5e-324", "{ \"$numberDouble\" : \"4.9406564584124654418e-324\" }" },
                { "4.9e-324", "{ \"$numberDecimal\" : \"4.9E-324\" }" },
                { "2.2250738585072014e-308", "{ \"$numberDouble\" : \"2.2250738585072013831e-308\" }" },
                { "1e400", "{ \"$numberDecimal\" : \"1E+400\" }" },
                { "1e-400", "{ \"$numberDecimal\" : \"1E-400\" }" },
                { "-1e6144", "{ \"$numberDecimal\" : \"-1.000000000000000000000000000000000E+6144\" }" },
                { "1e-6176", "{ \"$numberDecimal\" : \"1E-6176\" }" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                JsonNumber number = json_number_read(cases[i].text, strlen(cases[i].text));
                char expected[120], *printed;

                assert_true(json_number_fits(cases[i].text, strlen(cases[i].text)));
                assert_int_not_equal(number.kind, JSON_NUMBER_NONE);

                printed = print(&number);
                snprintf(expected, sizeof(expected), "{ \"\" : %s }", cases[i].canonical);
                assert_string_equal(printed, expected);
                bson_free(printed);
        }
}

static void test_what_no_number_of_bson_can_hold(void **state) {
        static const char *const cases[] = {
                "12345678901234567890123456789012345",
                "0.12345678901234567890123456789012345",
                "1.0000000000000000000000000000000000000000000000001",
                "1e6145",
                "99999999999999999999999999999999999e6111",
                "-1e99999999999999999999999999",
                "1e-6177",
                "1.5e-6176",
                "1e-99999999999999999999999999",
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                assert_int_equal(json_number_read(cases[i], strlen(cases[i])).kind, JSON_NUMBER_NONE);
                assert_false(json_number_fits(cases[i], strlen(cases[i])));
        }
}

/* The shortest text of any double is read as that double. */
static void test_doubles_come_back(void **state) {
        uint64_t random = UINT64_C(0x123456789abcdef);

        for (int i = 0; i < 20000; i++) {
                char text[40];
                double value;

                random = random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
                memcpy(&value, &random, sizeof(value));
                if (isnan(value) || isinf(value))
                        continue;

                for (int precision = 1; precision <= 17; precision++) {
                        snprintf(text, sizeof(text), "%.*e", precision - 1, value);
                        if (strtod(text, NULL) == value)
                                break;
                }

                assert_int_equal(json_number_read(text, strlen(text)).kind, JSON_NUMBER_DOUBLE);
                assert_true(json_number_read(text, strlen(text)).real == value);
        }
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_numbers_keep_their_value),
                cmocka_unit_test(test_what_no_number_of_bson_can_hold),
                cmocka_unit_test(test_doubles_come_back),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
