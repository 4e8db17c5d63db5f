#ifndef SEGUE_PLUGIN_SEGUE_H
#define SEGUE_PLUGIN_SEGUE_H

/* The C interface of Segue, for engines in other languages: libsegue.so exports these names and no others.
 *
 * Ownership: a plugin belongs to the caller until segue_close(). A string that segue_search() or
 * segue_suggest() returns belongs to the caller until segue_free(). A string that segue_last_error() returns
 * belongs to the library and is good until the next call of the same thread.
 *
 * Threads: any number of threads may use one plugin at once; segue_close() only when none does any more.
 * Errors are kept per thread. No C++ exception crosses this interface.
 *
 * Text is UTF-8 and ends with a NUL. Requests and answers are the JSON objects of docs/file-formats.md
 * ("requests.jsonl").
 */

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define SEGUE_EXPORT __attribute__((visibility("default")))
#else
#define SEGUE_EXPORT
#endif

/* Grows when a declaration below changes its meaning. New functions do not change it. */
#define SEGUE_ABI_VERSION 1

typedef struct segue_plugin segue_plugin;

/* Status of the last call of this thread: the exit statuses of the commands. */
enum segue_status {
  SEGUE_OK = 0,
  SEGUE_USAGE = 1,         /* a null pointer, an option that does not exist */
  SEGUE_BAD_INPUT = 2,     /* a request that cannot be understood, a store that is not there */
  SEGUE_DAMAGED_STORE = 3, /* bytes that are not what the manifest says, or a newer format */
  SEGUE_RESOURCE = 4       /* memory, disk, device */
};

/* SEGUE_ABI_VERSION of the library: compare it with that of the header. */
SEGUE_EXPORT int segue_abi_version(void);

/* Opens a store, verifies and warms its current snapshot. options_json: NULL, or an object with "device"
 * ("auto", "cpu", "cuda"), "poll_ms" (look for new snapshots that often; 0: only segue_refresh() does),
 * "snapshot" (serve this id and never another). NULL on failure. */
SEGUE_EXPORT segue_plugin* segue_open(const char* store, const char* options_json);

/* Answers a request that has a "query" (segue_search) or a "suggest" (segue_suggest). A query text with
 * errors is answered too: its "diagnostics" say what is wrong, and there are no hits. NULL on failure. */
SEGUE_EXPORT char* segue_search(segue_plugin* plugin, const char* request_json);
SEGUE_EXPORT char* segue_suggest(segue_plugin* plugin, const char* request_json);

/* Serves the store's current snapshot if it is another: 1 swapped, 0 nothing new, -1 failed (the old one
 * serves on). */
SEGUE_EXPORT int segue_refresh(segue_plugin* plugin);

/* NULL is allowed in both. */
SEGUE_EXPORT void segue_free(char* text);
SEGUE_EXPORT void segue_close(segue_plugin* plugin);

/* What went wrong in this thread's last call, "" when nothing did; and its status. */
SEGUE_EXPORT const char* segue_last_error(void);
SEGUE_EXPORT enum segue_status segue_last_status(void);

#ifdef __cplusplus
}
#endif

#endif
