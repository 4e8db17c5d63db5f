// How much private memory a plugin needs that serves a store:
//
//     memory_benchmark STORE REQUESTS.jsonl
//
// prints Private_Dirty of /proc/self/smaps_rollup, in MiB, before the store is opened, after that, and after
// all requests.

#include <cstdio>
#include <fstream>
#include <memory>
#include <string>

#include "plugin/request_json.h"
#include "plugin/search_plugin.h"

namespace {

double private_dirty_mib() {
  std::ifstream rollup("/proc/self/smaps_rollup");
  std::string line;
  while (std::getline(rollup, line)) {
    if (line.starts_with("Private_Dirty:")) return std::stod(line.substr(14)) / 1024;
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("usage: memory_benchmark STORE REQUESTS.jsonl\n", stderr);
    return 1;
  }
  std::printf("start %.1f MiB\n", private_dirty_mib());
  segue::plugin::Options options;
  options.store = argv[1];
  const std::unique_ptr<segue::plugin::SearchPlugin> plugin = segue::plugin::SearchPlugin::open(options);
  std::printf("open %.1f MiB\n", private_dirty_mib());
  std::ifstream requests(argv[2]);
  std::string line;
  std::size_t answered = 0;
  std::size_t hits = 0;
  while (std::getline(requests, line)) {
    const segue::plugin::Answer answer = plugin->answer(segue::plugin::parse_request(line, "request"));
    ++answered;
    hits += answer.hits.size();
  }
  std::printf("%zu requests, %zu hits: %.1f MiB\n", answered, hits, private_dirty_mib());
}
