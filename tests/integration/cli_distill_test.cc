// `segue distill` through the program.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "index/config.h"
#include "tests/support/program.h"
#include "tests/support/small_shop.h"

namespace segue {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using tests::ProgramResult;
using tests::run_segue;

class DistillCommand : public testing::Test {
 protected:
  DistillCommand() {
    index::Config config = tests::quick_config();
    config.transformer.width = 16;
    config.transformer.epochs = 2;
    config.distill.epochs = 1;
    config.blend.seen = "last:2";
    std::ofstream(config_) << index::to_toml(config);
  }

  /// models: for --models; empty: without it.
  ProgramResult run(std::vector<std::string> arguments, const std::string& models = "transformer") const {
    arguments.insert(arguments.end(), {"--items", shop_.items, "--events", shop_.events, "--store", store_,
                                       "--force", "--json"});
    if (!models.empty()) arguments.insert(arguments.end(), {"--models", models});
    return run_segue(arguments);
  }
  json manifest(const ProgramResult& result) const {
    const std::string id = json::parse(result.out)["snapshot"];
    std::ifstream in(store_ / "snapshots" / id / "manifest.json");
    return json::parse(in);
  }

  tests::SmallShop shop_{4000};
  std::filesystem::path store_ = shop_.folder.path() / "distilled";
  std::filesystem::path config_ = shop_.folder.path() / "reindex.toml";
};

TEST_F(DistillCommand, TakesTheConfigurationOfTheSnapshotThatServes) {
  const ProgramResult wide = run({"reindex", "--config", config_});
  ASSERT_EQ(wide.status, 0) << wide.err;
  const ProgramResult narrow = run({"distill", "--width", "8", "--heads", "1", "--share", "0.5"});
  ASSERT_EQ(narrow.status, 0) << narrow.err;
  const json said = manifest(narrow)["training"]["transformer"]["distilled"];
  EXPECT_EQ(said["width"], 8);
  EXPECT_EQ(said["heads"], 1);
  EXPECT_EQ(said["share"], 0.5);
  EXPECT_EQ(said["teacher"]["width"], 16);
  EXPECT_EQ(manifest(narrow)["config"]["blend"]["seen"], "last:2");
  // And again, now that the snapshot that serves is the narrow one: the wide one's constants are still known.
  const ProgramResult again = run({"distill"});
  ASSERT_EQ(again.status, 0) << again.err;
  EXPECT_EQ(manifest(again)["training"]["transformer"]["distilled"]["width"], 8);
  EXPECT_EQ(manifest(again)["training"]["transformer"]["distilled"]["teacher"]["width"], 16);
}

TEST_F(DistillCommand, KeepsTheModelsOfTheSnapshotThatServes) {
  const auto trained = [&](const ProgramResult& result) {
    std::vector<std::string> models;
    for (const auto& [name, model] : manifest(result)["models"].items()) models.push_back(name);
    return models;
  };
  const ProgramResult wide = run({"reindex", "--config", config_}, "transformer,transitions,content");
  ASSERT_EQ(wide.status, 0) << wide.err;
  const ProgramResult narrow = run({"distill", "--width", "8", "--heads", "1"}, "");
  ASSERT_EQ(narrow.status, 0) << narrow.err;
  EXPECT_EQ(trained(narrow), trained(wide));
  const ProgramResult named = run({"distill"}, "transformer");
  ASSERT_EQ(named.status, 0) << named.err;
  EXPECT_THAT(trained(named), testing::Not(testing::Contains("transitions")));
}

TEST_F(DistillCommand, RefusesASnapshotWithoutATransformerUnlessModelsAreNamed) {
  ASSERT_EQ(run({"reindex", "--config", config_}, "transitions").status, 0);
  const ProgramResult refused = run({"distill", "--width", "8"}, "");
  EXPECT_EQ(refused.status, 1);
  EXPECT_THAT(refused.err, HasSubstr("the models of the snapshot that serves: there is no Transformer"));
}

TEST_F(DistillCommand, NeedsAConfigurationOrASnapshotThatHasOne) {
  const ProgramResult nothing = run({"distill", "--width", "8"});
  EXPECT_EQ(nothing.status, 2);
  EXPECT_THAT(nothing.err, HasSubstr("there is no snapshot whose configuration could be taken"));
  EXPECT_THAT(nothing.err, HasSubstr("--config"));
  EXPECT_EQ(run({"distill", "--width", "8", "--config", config_}).status, 0);
}

TEST_F(DistillCommand, RefusesModelsWithoutATransformer) {
  const ProgramResult refused = run_segue({"distill", "--events", shop_.events, "--store", store_, "--config",
                                           config_, "--models", "mf,transitions"});
  EXPECT_EQ(refused.status, 1);
  EXPECT_THAT(refused.err,
              HasSubstr("--models: there is no Transformer to distil; name transformer as well"));
  EXPECT_FALSE(std::filesystem::exists(store_));
}

TEST_F(DistillCommand, RefusesNumbersOutsideTheBoundsOfTheConfiguration) {
  const std::vector<std::pair<std::string, std::string>> wrong{
      {"--width", "-3"},  {"--layers", "-1"}, {"--layers", "0"},
      {"--layers", "65"}, {"--heads", "-2"},  {"--feed-forward", "0"},
      {"--share", "1.5"}, {"--share", "nan"}, {"--temperature", "0"}};
  for (const auto& [option, value] : wrong) {
    const ProgramResult refused = run({"distill", option, value, "--config", config_});
    EXPECT_EQ(refused.status, 1) << option << ' ' << value << ": " << refused.err;
    EXPECT_THAT(refused.err, HasSubstr(option.substr(2)));
    EXPECT_FALSE(std::filesystem::exists(store_));
  }
}

TEST_F(DistillCommand, RefusesAWidthThatIsNoNarrowOne) {
  for (const char* width : {"0", "16", "4096"}) {
    const ProgramResult refused = run({"distill", "--width", width, "--config", config_});
    EXPECT_EQ(refused.status, 1) << width;
    EXPECT_THAT(refused.err, HasSubstr("width")) << width;
  }
}

}  // namespace
}  // namespace segue
