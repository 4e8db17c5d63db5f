/* A host in C that loads the library at run time and knows nothing but plugin/segue.h.
 *
 *     03_from_c LIBRARY STORE      for example build/release/lib/libsegue.so and a store of
 * 01_search_with_a_session
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/segue.h"

static void fail(const char* what, const char* why) {
  fprintf(stderr, "%s: %s\n", what, why != NULL ? why : "");
  exit(1);
}

/* dlsym gives an object pointer; POSIX says that it may be copied into a pointer to a function. */
static void load(void* library, const char* name, void* function) {
  void* symbol = dlsym(library, name);
  if (symbol == NULL) fail(name, dlerror());
  memcpy(function, &symbol, sizeof symbol);
}

int main(int argc, char** argv) {
  if (argc != 3) fail("usage", "03_from_c LIBRARY STORE");
  void* library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
  if (library == NULL) fail("dlopen", dlerror());

  int (*abi_version)(void);
  segue_plugin* (*open_store)(const char*, const char*);
  char* (*search)(segue_plugin*, const char*);
  const char* (*last_error)(void);
  void (*free_text)(char*);
  void (*close_store)(segue_plugin*);
  load(library, "segue_abi_version", &abi_version);
  load(library, "segue_open", &open_store);
  load(library, "segue_search", &search);
  load(library, "segue_last_error", &last_error);
  load(library, "segue_free", &free_text);
  load(library, "segue_close", &close_store);
  if (abi_version() != SEGUE_ABI_VERSION) fail("segue_abi_version", "the library is not the header's");

  segue_plugin* plugin = open_store(argv[2], NULL);
  if (plugin == NULL) fail("segue_open", last_error());

  /* The answer is ours until segue_free(). */
  char* answer = search(
      plugin,
      "{\"query\": \"+$q {!session ctx=$ctx}\","
      " \"params\": {\"q\": \"light\", \"ctx\": [{\"item\": \"C1\"}, {\"item\": \"C2\"}]}, \"size\": 1}");
  if (answer == NULL) fail("segue_search", last_error());
  puts(answer);
  if (strstr(answer, "\"id\":\"C4\"") == NULL) fail("expected", "the camping light for a camper");
  free_text(answer);

  /* Nothing is thrown across the interface: NULL, and a message for this thread. */
  if (search(plugin, "no json") != NULL || strlen(last_error()) == 0)
    fail("expected", "an error with a message");
  printf("refused: %s\n", last_error());
  close_store(plugin);
  return 0;
}
