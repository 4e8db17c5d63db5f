// The figures of docs/accuracy.md on public data, one seed each. The floors are the goals that the models
// were built for, or a little below where a goal lies within the noise of a seed.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "index/input/text_file.h"
#include "tests/real/data_folder.h"
#include "tests/support/program.h"
#include "tests/support/small_shop.h"

namespace segue {
namespace {

using nlohmann::json;
using tests::run_segue_json;

struct Figures {
  double hit_rate = 0;
  double ndcg = 0;
};

/// Files of one data set, and what is asked of them.
class Accuracy : public ::testing::Test {
 protected:
  std::string path(const std::string& name) const { return (folder_.path() / name).string(); }
  static std::string example(const std::string& name) {
    return std::string(SEGUE_SOURCE_DIR) + "/examples/online-retail/" + name;
  }

  void import_online_retail(const std::string& config) const {
    run_segue_json({"import", "csv", "--json", "--input",
                    real::data_file("online-retail/transactions.csv.gz").string(), "--config",
                    example(config), "--items", path("items.jsonl"), "--events", path("events.jsonl")});
  }
  void split(const std::string& events, const std::string& protocol, const std::vector<std::string>& cut,
             const std::string& train, const std::string& test) const {
    std::vector<std::string> words{"split",  "--json",  "--events",  path(events), "--protocol",
                                   protocol, "--train", path(train), "--test",     path(test)};
    words.insert(words.end(), cut.begin(), cut.end());
    run_segue_json(words);
  }
  void reindex(const std::string& events, const std::vector<std::string>& cut) const {
    std::vector<std::string> words{"reindex",  "--json",     "--items", path("items.jsonl"),
                                   "--events", path(events), "--store", path("store")};
    words.insert(words.end(), cut.begin(), cut.end());
    const json report = run_segue_json(words);
    EXPECT_EQ(report.at("gate"), "passed");
  }
  Figures evaluate(const std::string& test, const std::string& protocol, const std::string& model,
                   const std::vector<std::string>& more = {}) const {
    std::vector<std::string> words{
        "evaluate", "--json",  "--store", path("store"), "--events",      path(test),    "--protocol",
        protocol,   "--model", model,     "--metrics",   "hr@10,ndcg@10", "--bootstrap", "0"};
    words.insert(words.end(), more.begin(), more.end());
    const json found = run_segue_json(words);
    const Figures figures{found.at("hr@10").get<double>(), found.at("ndcg@10").get<double>()};
    std::cout << "  " << protocol << ", " << model << ": HR@10 " << figures.hit_rate << ", NDCG@10 "
              << figures.ndcg << ", " << found.at("events") << " events\n";
    return figures;
  }

  tests::TemporaryFolder folder_;
};

TEST_F(Accuracy, OnlineRetailByCustomerAndItsHiddenItems) {
  SEGUE_NEEDS_DATA("online-retail/transactions.csv.gz");
  const std::vector<std::string> cut{"--config", example("by-customer-reindex.toml")};
  import_online_retail("customers-only.toml");
  split("events.jsonl", "leave-one-out", cut, "train.jsonl", "test.jsonl");
  reindex("train.jsonl", cut);
  EXPECT_GE(evaluate("test.jsonl", "leave-one-out", "blend").ndcg, 0.237);
  EXPECT_GE(evaluate("test.jsonl", "leave-one-out", "transformer").ndcg, 0.234);

  std::filesystem::remove_all(path("store"));
  split("train.jsonl", "cold-items", cut, "rest.jsonl", "hidden.jsonl");
  reindex("rest.jsonl", cut);
  EXPECT_GE(evaluate("hidden.jsonl", "cold-items", "blend").hit_rate, 0.2);
}

TEST_F(Accuracy, OnlineRetailByInvoice) {
  SEGUE_NEEDS_DATA("online-retail/transactions.csv.gz");
  const std::vector<std::string> cut{"--config", example("by-invoice-reindex.toml")};
  import_online_retail("by-invoice.toml");
  split("events.jsonl", "leave-one-out", cut, "train.jsonl", "test.jsonl");
  reindex("train.jsonl", cut);
  const Figures blend = evaluate("test.jsonl", "leave-one-out", "blend");
  EXPECT_GE(blend.hit_rate, 0.36);
  EXPECT_GE(blend.ndcg, 0.258);
}

TEST_F(Accuracy, Games) {
  SEGUE_NEEDS_DATA("games/Video.txt.gz");
  {
    std::ofstream events(path("events.jsonl"));
    std::ofstream items(path("items.jsonl"));
    std::unordered_set<std::string> known;
    index::LineReader lines(real::data_file("games/Video.txt.gz"));
    for (std::string_view line; lines.next(line);) {
      const std::size_t space = line.find(' ');
      const std::string item(line.substr(space + 1));
      events << R"({"user":")" << line.substr(0, space) << R"(","item":")" << item << "\"}\n";
      if (known.insert(item).second) items << R"({"id":")" << item << "\"}\n";
    }
  }
  const std::vector<std::string> cut{"--sequence", "user"};
  split("events.jsonl", "leave-one-out", cut, "train.jsonl", "test.jsonl");
  reindex("train.jsonl", cut);
  EXPECT_GE(evaluate("test.jsonl", "leave-one-out", "transformer", cut).ndcg, 0.067);
  EXPECT_GE(evaluate("test.jsonl", "leave-one-out", "blend", cut).ndcg, 0.074);
  const Figures drawn =
      evaluate("test.jsonl", "leave-one-out", "transformer", {"--sequence", "user", "--negatives", "100"});
  EXPECT_GE(drawn.hit_rate, 0.76);
  EXPECT_GE(drawn.ndcg, 0.56);
}

}  // namespace
}  // namespace segue
