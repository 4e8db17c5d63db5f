#include "index/reindex/search_range.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "kernels/error.h"

namespace segue::index {
namespace {

std::string refusal(const std::string& text) {
  try {
    parse_search_range(text);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage);
    return error.what();
  }
  return "accepted";
}

TEST(SearchRange, OfAListGivesItsValuesAlone) {
  const std::vector<SearchRange> ranges{parse_search_range("mf.factors=32,64,128")};
  RandomStream random(1);
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) seen.insert(draw_point(ranges, random).at("mf.factors"));
  EXPECT_EQ(seen, (std::set<std::string>{"32", "64", "128"}));
}

TEST(SearchRange, OfAnIntervalGivesValuesThatItsKeyTakes) {
  const std::vector<SearchRange> ranges{parse_search_range("transformer.epochs=6..20"),
                                        parse_search_range("mf.ridge=0.0001..0.1:log"),
                                        parse_search_range("transformer.dropout=0..0.5")};
  RandomStream random(2);
  std::size_t small_ridges = 0;
  for (int i = 0; i < 300; ++i) {
    const Config config = at_point(Config(), draw_point(ranges, random));
    EXPECT_GE(config.transformer.epochs, 6u);
    EXPECT_LE(config.transformer.epochs, 20u);
    EXPECT_GE(config.mf.ridge, 0.0001);
    EXPECT_LE(config.mf.ridge, 0.1);
    EXPECT_LE(config.transformer.dropout, 0.5);
    small_ridges += config.mf.ridge < 0.00316 ? 1 : 0;
  }
  // Half of a logarithmic interval lies below its geometric middle.
  EXPECT_NEAR(static_cast<double>(small_ridges), 150, 40);
}

TEST(SearchRange, TakesTextsAndTruthValues) {
  const std::vector<SearchRange> ranges{parse_search_range("transitions.preset=recent"),
                                        parse_search_range("transformer.ppmi_start=false")};
  RandomStream random(3);
  const Config config = at_point(Config(), draw_point(ranges, random));
  EXPECT_EQ(config.transitions.preset, "recent");
  EXPECT_FALSE(config.transformer.ppmi_start);
}

TEST(SearchRange, SaysWhatIsWrongWithAText) {
  EXPECT_NE(refusal("mf.factors").find("is no range"), std::string::npos);
  EXPECT_NE(refusal("mf.factor=3").find("did you mean `mf.factors`"), std::string::npos);
  EXPECT_NE(refusal("mf.factors=1,,2").find("empty value"), std::string::npos);
  EXPECT_NE(refusal("mf.factors=1,").find("empty value"), std::string::npos);
  EXPECT_NE(refusal("mf.ridge=0.1..0.1").find("empty interval"), std::string::npos);
  EXPECT_NE(refusal("mf.ridge=0..1:log").find("logarithm"), std::string::npos);
  EXPECT_NE(refusal("mf.ridge=a..b").find("no numbers"), std::string::npos);
  EXPECT_NE(refusal("transitions.preset=1..2").find("takes no numbers"), std::string::npos);
  EXPECT_NE(refusal("transitions.preset=nonsense"), "accepted");
  for (const char* same :
       {"events.session_gap=30m,none", "context.keys=none,auto", "blend.new_items_cost=0..0.1",
        "gate.margin=0..1", "text.k1=0.5..2", "storage.vectors=fp32,int8"})
    EXPECT_NE(refusal(same).find("the same in all trials"), std::string::npos) << same;
  for (const char* tried :
       {"context.dropout=0..0.5", "blend.seen=visit,exclude", "storage.weights=fp32,int8"})
    EXPECT_EQ(refusal(tried), "accepted") << tried;
  EXPECT_NE(refusal("transformer.dropout=0.1..5"), "accepted");
}

TEST(SearchRange, UsualOnesExistForEveryModelNamed) {
  EXPECT_FALSE(usual_ranges({"mf"}).empty());
  EXPECT_FALSE(usual_ranges({"transformer"}).empty());
  EXPECT_GT(usual_ranges({}).size(), usual_ranges({"mf"}).size());
  EXPECT_TRUE(usual_ranges({"content"}).empty());
}

TEST(ConfigAsToml, GivesTheConfigurationBack) {
  Config config;
  EXPECT_EQ(parse_config(to_toml(config), "t"), config);
  config.mf.factors = 17;
  config.mf.ridge = 0.25;
  config.events.session_gap = "none";
  config.events.actions = {{"purchase", 3}, {"add to cart", 0.5}};
  config.transitions.preset = "recent";
  config.transformer.ppmi_start = false;
  EXPECT_EQ(parse_config(to_toml(config), "t"), config);
}

}  // namespace
}  // namespace segue::index
