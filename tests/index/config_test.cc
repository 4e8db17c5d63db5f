#include "index/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <set>
#include <sstream>
#include <string>

#include "index/nearest_name.h"
#include "kernels/error.h"

namespace segue::index {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

std::string error(std::string_view toml) {
  try {
    parse_config(toml, "c.toml");
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::kBadInput);
    return e.what();
  }
  return "no error";
}

TEST(Config, HasADefaultForEveryKey) {
  const Config config = parse_config("", "c.toml");
  EXPECT_EQ(config.events.session_gap, "30m");
  EXPECT_EQ(config.text.k1, 0.9);
  EXPECT_EQ(config.transformer.width, 128u);
}

TEST(Config, ReadsKeysOfEveryType) {
  const Config config = parse_config(R"(
[events]
session_gap = "none"
drop_consecutive_repeats = true
min_rating = 4
[events.actions]
purchase = 3
"add to cart" = 2.5
[transformer]
width = 64
rate = 1e-3
ppmi_start = false
[blend]
seen = "last:2"
)",
                                     "c.toml");
  EXPECT_EQ(config.events.session_gap, "none");
  EXPECT_TRUE(config.events.drop_consecutive_repeats);
  EXPECT_EQ(config.events.min_rating, 4);
  EXPECT_EQ(config.events.actions, (std::map<std::string, double>{{"add to cart", 2.5}, {"purchase", 3}}));
  EXPECT_EQ(config.transformer.width, 64u);
  EXPECT_EQ(config.transformer.rate, 1e-3);
  EXPECT_FALSE(config.transformer.ppmi_start);
  EXPECT_EQ(config.blend.seen, "last:2");
}

TEST(Config, NamesThePlaceOfAnUnknownKeyAndTheNearestKnownOne) {
  EXPECT_THAT(error("[mf]\nfactor = 3"),
              StartsWith("c.toml:2:1: unknown key mf.factor; did you mean mf.factors?"));
  EXPECT_THAT(error("[transfomer]\n"),
              AllOf(StartsWith("c.toml:1:"), HasSubstr("did you mean transformer?")));
  EXPECT_THAT(error("[events]\n\n  sesion_gap = \"1h\""),
              StartsWith("c.toml:3:3: unknown key events.sesion_gap"));
  EXPECT_THAT(error("[text]\nzzzzzz = 3"), testing::EndsWith("unknown key text.zzzzzz"));
  EXPECT_THAT(error("factors = 3"), HasSubstr("unknown key factors"));
}

TEST(Config, RefusesOtherTypes) {
  EXPECT_THAT(error("[mf]\nfactors = 3.5"),
              AllOf(StartsWith("c.toml:2:11: "), HasSubstr("mf.factors must be an integer, not a number")));
  EXPECT_THAT(error("[mf]\nfactors = \"3\""), HasSubstr("must be an integer, not a string"));
  EXPECT_THAT(error("[mf]\nridge = true"), HasSubstr("must be a number, not a boolean"));
  EXPECT_THAT(error("[text]\nanalyzer = 1"), HasSubstr("must be a string, not an integer"));
  EXPECT_THAT(error("[transformer]\nppmi_start = 1"), HasSubstr("must be true or false"));
  EXPECT_THAT(error("mf = 1"), HasSubstr("mf must be a table, not an integer"));
  EXPECT_THAT(error("[events.actions]\nbuy = \"3\""), HasSubstr("events.actions.buy must be a number"));
}

TEST(Config, RefusesNumbersThatAreNotFiniteForEveryKey) {
  std::istringstream defaults(config_defaults_toml());
  std::string table;
  std::size_t numbers = 0;
  for (std::string line; std::getline(defaults, line);) {
    if (line.starts_with("[")) table = line;
    const std::size_t equals = line.find(" = ");
    if (equals == std::string::npos || line.starts_with("#") || table == "[events.actions]") continue;
    const char first = line[equals + 3];
    if (first != '-' && !(first >= '0' && first <= '9')) continue;
    ++numbers;
    const bool any_bound = line.starts_with("min_rating ");  // -inf is "no bound" there
    for (const std::string bad : {"nan", "inf", "-inf"}) {
      if (any_bound && bad != "nan") continue;
      const std::string said = error(table + "\n" + line.substr(0, equals + 3) + bad);
      EXPECT_THAT(said, HasSubstr(line.substr(0, equals))) << said;
    }
  }
  EXPECT_GT(numbers, 80u);
}

TEST(Config, RefusesValuesOutOfRange) {
  EXPECT_THAT(error("[mf]\nfactors = 0"), HasSubstr("mf.factors is 0; it must lie between 1 and 4096"));
  EXPECT_THAT(error("[mf]\nfactors = -1"), HasSubstr("mf.factors is -1"));
  EXPECT_THAT(error("[text]\nb = 1.5"), HasSubstr("text.b is 1.5; it must lie between 0 and 1"));
  EXPECT_THAT(error("[text]\nk1 = nan"), HasSubstr("text.k1 is nan"));
  EXPECT_THAT(error("[text]\nanalyzer = \"french\""), HasSubstr("it must be one of \"english\", \"simple\""));
  EXPECT_THAT(error("[events]\nsession_gap = \"soon\""),
              AllOf(StartsWith("c.toml:2:"), HasSubstr("\"30m\", or \"none\"")));
  EXPECT_THAT(error("[events]\nsession_gap = \"0m\""), HasSubstr("session_gap"));
  EXPECT_THAT(error("[popularity]\nhalf_life = \"a month\""), HasSubstr("write a duration such as \"30d\""));
  EXPECT_THAT(error("[popularity]\nhalf_life = \"0d\""), HasSubstr("half_life"));
  EXPECT_THAT(error("[cold_start]\ndiversity = 1.0"), HasSubstr("diversity"));
  EXPECT_THAT(error("[blend]\npopularity_correction = -0.1"), HasSubstr("popularity_correction"));
  EXPECT_THAT(error("[transformer]\nheads = 3"), HasSubstr("no multiple of transformer.heads (3)"));
  EXPECT_THAT(error("[blend]\nseen = \"last:0\""), HasSubstr("last:N"));
  EXPECT_THAT(error("[neighbours]\nsession_decay_rate = 2"), HasSubstr("session_decay_rate is above 1"));
  EXPECT_THAT(error("[events.actions]\nbuy = -1"), HasSubstr("events.actions.buy is -1"));
}

TEST(Config, NamesThePlaceOfWhatIsNoToml) {
  EXPECT_THAT(error("[mf]\nfactors = "), StartsWith("c.toml:2:"));
  EXPECT_THAT(error("[mf]\nfactors = 1\nfactors = 2"), StartsWith("c.toml:3:"));
  EXPECT_THAT(error("\xff"), StartsWith("c.toml:1:"));
  EXPECT_THAT(error("[mf]\nfactors = 3\n\n[}\n[text]\n"), StartsWith("c.toml:4:1: a malformed table header"));
  EXPECT_THAT(error("[[[a]]]\n"), StartsWith("c.toml:1:1: "));
  EXPECT_THAT(error(std::string(5000, '[')), StartsWith("c.toml:"));
  EXPECT_THAT(error("a = " + std::string(5000, '[')), StartsWith("c.toml:"));
  EXPECT_THAT(error(std::string(2 << 20, '\n')), HasSubstr("longer than 1 MiB"));
}

TEST(Config, TakesCharactersBeyondAsciiInStringsAndCommentsAlone) {
  EXPECT_EQ(parse_config("# \u00e9t\u00e9\n[events.actions]\n\"\u00e9\" = 2 # \u00e9\n", "c")
                .events.actions.at("\u00e9"),
            2);
  EXPECT_EQ(parse_config("[vectors]\nfactory = \"\"\"\u00e9\\\"\"\"\"\"\"\n", "c").vectors.factory,
            "\u00e9\"\"\"");
  EXPECT_EQ(parse_config("[vectors]\nfactory = '''\u00e9'\u00e9\\'''\n", "c").vectors.factory,
            "\u00e9'\u00e9\\");
  EXPECT_THAT(error("[mf]\n  \u00e9 = 1\n"),
              StartsWith("c.toml:2:3: a character beyond ASCII outside of quotes"));
  EXPECT_THAT(error("\u00e9"), StartsWith("c.toml:1:1: "));
  EXPECT_THAT(error("[text]\nanalyzer = \"a\" \u00e9"), StartsWith("c.toml:2:16: "));
  EXPECT_THAT(error("[text]\nanalyzer = \"\"\"\\ \u00e9\"\"\""), StartsWith("c.toml:2:17: "));
}

TEST(Config, NeverCrashesOnRandomText) {
  std::mt19937 random(29);
  constexpr std::string_view kLetters = "[[]]\"'.=a1 \n#{},-:T\xc3\xa9\\\r";
  std::size_t errors = 0;
  for (int round = 0; round < 20000; ++round) {
    std::string text(1 + random() % 12, ' ');
    for (char& c : text) c = kLetters[random() % kLetters.size()];
    errors += error(text) == "no error" ? 0 : 1;
  }
  EXPECT_GT(errors, 10000u);
}

TEST(Config, PrintsDefaultsThatReadBackAsTheDefaults) {
  const std::string defaults = config_defaults_toml();
  EXPECT_EQ(parse_config(defaults, "defaults.toml"), Config());
  for (const ConfigKey& key : config_keys()) {
    EXPECT_FALSE(key.meaning.empty()) << key.name;
    if (key.standard == "{}") continue;
    EXPECT_THAT(defaults,
                HasSubstr("\n" + key.name.substr(key.name.rfind('.') + 1) + " = " + key.standard + "\n"));
  }
}

TEST(Config, AcceptsTheConfigurationsThatShip) {
  const std::filesystem::path folder = std::filesystem::path(SEGUE_SOURCE_DIR) / "examples" / "online-retail";
  EXPECT_EQ(load_config(folder / "by-customer-reindex.toml").events.session_gap, "none");
  EXPECT_TRUE(load_config(folder / "by-invoice-reindex.toml").events.drop_consecutive_repeats);
}

TEST(Config, NamesNoKeyTwice) {
  std::set<std::string> names;
  for (const ConfigKey& key : config_keys()) EXPECT_TRUE(names.insert(key.name).second) << key.name;
}

TEST(NearestName, TakesTheSmallestEditDistance) {
  const std::vector<std::string_view> known = {"width", "window", "heads"};
  EXPECT_EQ(nearest_name("widht", known), "width");
  EXPECT_EQ(nearest_name("Window", known), "window");
  EXPECT_EQ(nearest_name("head", known), "heads");
  EXPECT_EQ(nearest_name("zzz", known), "");
  EXPECT_EQ(nearest_name("", known), "");
}

/// Whether the text has the name as a word of its own.
bool names(const std::string& text, const std::string& name) {
  const auto is_letter = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; };
  for (std::size_t at = text.find(name); at != std::string::npos; at = text.find(name, at + 1)) {
    const std::size_t end = at + name.size();
    if ((at == 0 || !is_letter(text[at - 1])) && (end == text.size() || !is_letter(text[end]))) return true;
  }
  return false;
}

TEST(Config, NamesNoKeyThatTheDocumentationLacks) {
  std::string pages;
  for (const auto& entry : std::filesystem::directory_iterator(SEGUE_SOURCE_DIR "/docs")) {
    if (entry.path().extension() != ".md") continue;
    std::ifstream in(entry.path());
    pages.append(std::istreambuf_iterator<char>(in), {}).append("\n");
  }
  ASSERT_FALSE(pages.empty());
  for (const ConfigKey& key : config_keys()) {
    const std::string name = key.name.substr(key.name.find('.') + 1);
    EXPECT_TRUE(names(pages, name)) << key.name;
  }
}

}  // namespace
}  // namespace segue::index
