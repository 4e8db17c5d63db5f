// A service of 100,000 items on a small machine: what examples/small-machine promises.

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <memory>
#include <string>

#include "index/config.h"
#include "index/model/random_stream.h"
#include "index/reindex/reindexer.h"
#include "tests/support/small_shop.h"

namespace segue {
namespace {

constexpr std::size_t kItems = 100'000;

std::string id(std::size_t item) {
  std::string digits = std::to_string(item);
  return "P" + std::string(6 - digits.size(), '0') + digits;
}

/// A word of a vocabulary of 20,000, frequent ones more often.
std::string word(index::RandomStream& random) {
  auto number = static_cast<std::size_t>(20'000 * std::pow(random.uniform(), 3));
  std::string text;
  for (int syllable = 0; syllable < 4; ++syllable, number /= 12) {
    text += "bdfgklmnprst"[number % 12];
    text += "aeiou"[(number + static_cast<std::size_t>(syllable)) % 5];
  }
  return text;
}

std::size_t near(std::size_t item, index::RandomStream& random) {
  return (item + random.below(60)) % kItems;
}

std::string session(index::RandomStream& random) {
  const std::size_t first = random.below(kItems);
  std::string events;
  for (int event = 0; event < 5; ++event) {
    events += (event == 0 ? "" : ", ") + (R"({"item": ")" + id(near(first, random)) + "\"}");
  }
  return "[" + events + "]";
}

void write_shop(const std::filesystem::path& folder) {
  index::RandomStream random(1);
  std::ofstream items(folder / "items.jsonl");
  for (std::size_t item = 0; item < kItems; ++item) {
    items << R"({"id": ")" << id(item) << R"(", "kind": "product", "title": ")";
    for (int w = 0; w < 8; ++w) items << (w == 0 ? "" : " ") << word(random);
    items << R"(", "attributes": {"price": )" << random.below(1000) << "}}\n";
  }
  std::ofstream events(folder / "events.jsonl");
  for (std::size_t s = 0; s < 20'000; ++s) {
    const std::size_t first = s * 5 % kItems;
    for (int event = 0; event < 6; ++event) {
      events << R"({"session": "s)" << s << R"(", "time": )" << s * 100 + static_cast<std::size_t>(event)
             << R"(, "item": ")" << id(near(first, random)) << "\"}\n";
    }
  }
  std::ofstream requests(folder / "requests.jsonl");
  for (int r = 0; r < 1000; ++r) {
    const std::string ctx = R"("ctx": )" + session(random);
    const std::string text = word(random) + " " + word(random);
    switch (r % 4) {
      case 0:
        requests << R"({"query": "{!session ctx=$ctx}", "params": {)" << ctx << "}}\n";
        break;
      case 1:
        requests << R"({"query": "$q", "params": {"q": ")" << text << "\"}}\n";
        break;
      case 2:
        requests << R"j({"query": "{!hybrid}($q)({!session ctx=$ctx})", "params": {"q": ")j" << text << "\", "
                 << ctx << "}}\n";
        break;
      default:
        requests << R"({"suggest": ")" << text.substr(0, 3) << "\", " << ctx << "}\n";
    }
  }
}

TEST(SmallMachine, ServesAHundredThousandItemsIn64MiBOfPrivateMemory) {
  const tests::TemporaryFolder folder;
  write_shop(folder.path());
  index::ReindexRequest request;
  request.items = folder.path() / "items.jsonl";
  request.events = folder.path() / "events.jsonl";
  request.store = folder.path() / "store";
  request.config = index::load_config(SEGUE_SOURCE_DIR "/examples/small-machine/reindex.toml");
  request.config.transformer.epochs = 1;
  request.config.mf.iterations = 1;
  request.config.evaluation.max_sequences = 200;
  request.force = true;
  index::Progress quiet;
  index::reindex(request, quiet);

  // A process of its own: this one still holds what training took.
  const std::string command = std::string(SEGUE_MEMORY_BENCHMARK) + " " + request.store.string() + " " +
                              (folder.path() / "requests.jsonl").string();
  FILE* pipe = popen(command.c_str(), "r");
  ASSERT_NE(pipe, nullptr);
  std::string output;
  std::array<char, 256> buffer;
  while (fgets(buffer.data(), buffer.size(), pipe) != nullptr) output += buffer.data();
  ASSERT_EQ(pclose(pipe), 0) << output;
  const std::size_t end = output.rfind(": ");
  ASSERT_NE(end, std::string::npos) << output;
  EXPECT_NE(output.find("1000 requests"), std::string::npos) << output;
  const double mib = std::stod(output.substr(end + 2));
  EXPECT_GT(mib, 1) << output;
  EXPECT_LT(mib, 64) << output;
  RecordProperty("private_dirty_mib", std::to_string(mib));
  std::printf("%s", output.c_str());
}

}  // namespace
}  // namespace segue
