#pragma once

#include "tests/unit/store/contract.h"

/*
 * What the contract's tests are written with; the suite and the kinds' own tests include this.
 * Documents, _ids and values are given as Extended JSON. Everything asserts; what is returned belongs
 * to the caller.
 */

extern const ContractCase contract_read_cases[];
extern const size_t contract_n_read_cases;
extern const ContractCase contract_select_cases[];
extern const size_t contract_n_select_cases;
extern const ContractCase contract_write_cases[];
extern const size_t contract_n_write_cases;
extern const ContractCase contract_keep_cases[];
extern const size_t contract_n_keep_cases;
extern const ContractCase contract_lease_cases[];
extern const size_t contract_n_lease_cases;

#define JOB_1 "65a000000000000000000001"
#define JOB_2 "65a000000000000000000002"

bson_t *bson_of(const char *json);

/* @target with the default result and meta fields; `job_name` is "samples". */
StoreTarget target_of(Contract *contract, const char *job, int32_t generation);
StoreQuery query_of(Contract *contract, StoreSelection selection, const char *job, int32_t generation);

/* Imports the documents of a JSON array; each must be new. */
void given_documents(Contract *contract, const char *json_array);

/* Documents {_id: 1} to {_id: n}. */
void given_numbers(Contract *contract, int n);

/* An ok outcome after one attempt, and a failed one after three. */
Outcome *ok_outcome(Store *store, const char *id, const char *value);
Outcome *failed_outcome(const char *id, FailureReason reason, int status);

/* Stores one outcome, which is freed, and returns what became of it. */
StoreResult write_one(Contract *contract, const StoreTarget *target, Outcome *outcome);

/* The _ids that @query gives in pages of @max_rows, as {"ids": [...]} in relaxed Extended JSON. */
char *read_ids(Contract *contract, const StoreQuery *query, const bson_value_t *after, size_t max_rows);
void assert_ids(Contract *contract, const StoreQuery *query, const char *expected_array);

/* The one document with that _id as STORE_SELECT_ALL gives it. */
bson_t *whole_document(Contract *contract, const char *id);

/* Compares one top-level field with a JSON value; NULL: the field must be absent. */
void assert_field(const bson_t *document, const char *field, const char *expected);

/* Calls on the store that are expected to return 0. */
uint64_t count_of(Contract *contract, const StoreQuery *query);
StorePage *next_page(StoreReader *reader, size_t max_rows, size_t max_bytes);
