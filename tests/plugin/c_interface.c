/* A host in C that knows only plugin/segue.h and loads the library at run time.
 * Usage: c_interface LIBRARY STORE; ends with 0 when everything behaved. */
#include "plugin/segue.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void* library;

static void* name(const char* symbol) {
  void* found = dlsym(library, symbol);
  if (found == NULL) {
    fprintf(stderr, "no %s in the library\n", symbol);
    exit(1);
  }
  return found;
}

#define EXPECT(condition)                                             \
  do {                                                                \
    if (!(condition)) {                                               \
      fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
      fprintf(stderr, "last error: %s\n", last_error());              \
      exit(1);                                                        \
    }                                                                 \
  } while (0)

int main(int argc, char** argv) {
  if (argc != 3) return 1;
  library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
  if (library == NULL) {
    fprintf(stderr, "%s\n", dlerror());
    return 1;
  }
  int (*abi_version)(void);
  segue_plugin* (*open_store)(const char*, const char*);
  char* (*search)(segue_plugin*, const char*);
  char* (*suggest)(segue_plugin*, const char*);
  int (*refresh)(segue_plugin*);
  void (*release)(char*);
  void (*close_store)(segue_plugin*);
  const char* (*last_error)(void);
  enum segue_status (*last_status)(void);
  *(void**)&abi_version = name("segue_abi_version");
  *(void**)&open_store = name("segue_open");
  *(void**)&search = name("segue_search");
  *(void**)&suggest = name("segue_suggest");
  *(void**)&refresh = name("segue_refresh");
  *(void**)&release = name("segue_free");
  *(void**)&close_store = name("segue_close");
  *(void**)&last_error = name("segue_last_error");
  *(void**)&last_status = name("segue_last_status");

  EXPECT(abi_version() == SEGUE_ABI_VERSION);
  EXPECT(open_store("no/such/store", NULL) == NULL);
  EXPECT(last_status() == SEGUE_BAD_INPUT);
  EXPECT(strstr(last_error(), "no/such/store") != NULL);
  EXPECT(open_store(NULL, NULL) == NULL && last_status() == SEGUE_USAGE);
  EXPECT(open_store(argv[2], "{\"device\": \"toaster\"}") == NULL && last_status() == SEGUE_USAGE);

  segue_plugin* plugin = open_store(argv[2], "{\"device\": \"cpu\"}");
  EXPECT(plugin != NULL);
  EXPECT(last_status() == SEGUE_OK && last_error()[0] == '\0');

  char* answer = search(plugin, "{\"query\": \"$q\", \"params\": {\"q\": \"lamp\"}, \"size\": 3}");
  EXPECT(answer != NULL);
  EXPECT(strstr(answer, "\"hits\":[{\"id\":") != NULL);
  EXPECT(strstr(answer, "\"diagnostics\":[]") != NULL);
  release(answer);

  answer = search(plugin, "{\"query\": \"{!sesion}\"}");
  EXPECT(answer != NULL && strstr(answer, "there is no operator") != NULL);
  release(answer);

  answer = suggest(plugin, "{\"suggest\": \"la\", \"size\": 3}");
  EXPECT(answer != NULL && strstr(answer, "\"text\":\"") != NULL);
  release(answer);

  EXPECT(search(plugin, "not json") == NULL && last_status() == SEGUE_BAD_INPUT);
  EXPECT(search(plugin, "{\"suggest\": \"la\"}") == NULL && last_status() == SEGUE_BAD_INPUT);
  EXPECT(search(NULL, "{}") == NULL && last_status() == SEGUE_USAGE);
  EXPECT(refresh(plugin) == 0);
  release(NULL);
  close_store(NULL);
  close_store(plugin);
  puts("the C interface behaved");
  return 0;
}
