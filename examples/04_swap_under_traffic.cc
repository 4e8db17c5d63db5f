// A new snapshot is published while requests run: none fails, none waits, and the new one takes over.
//
//     04_swap_under_traffic FOLDER      makes a shop of its own in FOLDER
#include <atomic>
#include <chrono>
#include <iostream>
#include <string>
#include <thread>

#include "examples/little_shop.h"
#include "plugin/request_json.h"
#include "plugin/search_plugin.h"

int main(int argc, char** argv) {
  examples::expect(argc == 2, "one argument, a folder to work in");
  examples::write_little_shop(argv[1]);
  const std::string first = examples::publish_little_shop(argv[1]);

  segue::plugin::Options options;
  options.store = std::string(argv[1]) + "/store";
  options.poll = std::chrono::milliseconds(50);  // a thread of the plugin looks for new snapshots
  const auto plugin = segue::plugin::SearchPlugin::open(options);
  const auto request = segue::plugin::parse_request(R"({"query": "light"})", "request");

  std::atomic<bool> over = false;
  std::atomic<int> from_first = 0;
  std::atomic<int> from_second = 0;
  std::atomic<int> failed = 0;
  std::thread traffic([&] {
    while (!over) {
      // An answer names the snapshot that it comes from, and all of it comes from that one.
      const auto answer = plugin->answer(request);
      if (!answer.ok || answer.hits.size() != 2) ++failed;
      ++(answer.snapshot == first ? from_first : from_second);
    }
  });

  // What a nightly job does, here in the same process: `segue reindex` in another one does the same.
  const std::string second = examples::publish_little_shop(argv[1], 2);
  const auto patience = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (from_second == 0 && std::chrono::steady_clock::now() < patience) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  over = true;
  traffic.join();

  std::cout << first << " answered " << from_first << " requests, " << second << " answered " << from_second
            << ", failed: " << failed << '\n';
  examples::expect(failed == 0, "no request fails");
  examples::expect(from_first > 0 && from_second > 0, "both snapshots serve, one after the other");
  examples::expect(plugin->acquire()->snapshot->id() == second, "the new one serves now");
  return 0;
}
