#include "integration/cli/program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "integration/cli/commands.h"

namespace segue::integration {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

struct Outcome {
  int status;
  std::string out;
  std::string err;
};

Outcome segue(const std::vector<std::string>& arguments) {
  std::ostringstream out, err;
  Console console{.out = out, .err = err, .out_style = {}, .err_style = {}};
  const int status = run_program(arguments, console);
  return {status, out.str(), err.str()};
}

TEST(Program, ListsEveryCommandInItsHelp) {
  const Outcome outcome = segue({"--help"});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.err, "");
  for (const Command& command : commands()) {
    EXPECT_THAT(outcome.out, HasSubstr("\n  " + std::string(command.name) + " "));
    EXPECT_THAT(outcome.out, HasSubstr(std::string(command.summary)));
  }
}

TEST(Program, HasTheCommandsThatOutsidersRelyOn) {
  std::vector<std::string> names;
  for (const Command& command : commands()) names.emplace_back(command.name);
  for (const char* name :
       {"import", "split", "reindex", "search", "suggest", "run", "evaluate", "snapshots", "show", "config"})
    EXPECT_THAT(names, testing::Contains(name));
}

TEST(Program, ShowsAnExampleAndJsonInTheHelpOfEachCommand) {
  for (const Command& command : commands()) {
    const Outcome outcome = segue({std::string(command.name), "--help"});
    EXPECT_EQ(outcome.status, 0) << command.name;
    EXPECT_THAT(outcome.out, HasSubstr("Example:\n  segue " + std::string(command.name)));
    EXPECT_THAT(outcome.out, HasSubstr("--json"));
  }
}

TEST(Program, HelpsWithSubcommandsToo) {
  EXPECT_THAT(segue({"import", "csv", "--help"}).out, HasSubstr("--config"));
  for (const char* name : {"list", "verify", "rollback", "prune", "diff"})
    EXPECT_EQ(segue({"snapshots", name, "--help"}).status, 0) << name;
}

TEST(Program, PrintsItsVersion) {
  const Outcome outcome = segue({"--version"});
  EXPECT_EQ(outcome.status, 0);
  EXPECT_THAT(outcome.out, testing::MatchesRegex("segue [0-9]+\\.[0-9]+\\.[0-9]+\n"));
}

/// A command line that cannot be understood, and what the message has to name.
struct Misuse {
  std::vector<std::string> arguments;
  std::string message;
};

class UsageErrors : public testing::TestWithParam<Misuse> {};

TEST_P(UsageErrors, HaveStatusOneAndOneHelpfulLine) {
  const Outcome outcome = segue(GetParam().arguments);
  EXPECT_EQ(outcome.status, 1);
  EXPECT_EQ(outcome.out, "");
  EXPECT_THAT(outcome.err, StartsWith("segue: "));
  EXPECT_THAT(outcome.err, HasSubstr(GetParam().message));
  EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
}

INSTANTIATE_TEST_SUITE_P(
    CommandLines, UsageErrors,
    testing::Values(
        Misuse{{}, "a command is missing"}, Misuse{{"serch"}, "did you mean `search`?"},
        Misuse{{"search", "--stroe", "x", "q"}, "did you mean `--store`?"},
        Misuse{{"search", "--store=x", "--siez=3", "q"}, "`--siez`; did you mean `--size`?"},
        Misuse{{"search", "--store", "x"}, "QUERY is required; see segue search --help"},
        Misuse{{"search", "q"}, "--store is required"},
        Misuse{{"search", "--store", "x", "--size", "ten", "q"}, "ten"},
        Misuse{{"search", "--store", "x", "--size", "-3", "q"}, "-3"},
        Misuse{{"search", "--store", "x", "a", "b"}, "`b` is one argument too many"},
        Misuse{{"search", "--store", "x", "-lamp"}, "write -- before a text that begins with -"},
        Misuse{{"search", "--store", "x", "--param", "q", "$q"}, "NAME=VALUE"},
        Misuse{{"search", "--store", "x", "--ctx", "[]", "--param", "ctx=1", "$q"},
               "`ctx` has a value already"},
        Misuse{{"snapshots", "--store", "x"}, "one of list, verify, rollback, prune, diff"},
        Misuse{{"snapshots", "--store", "x", "lst"}, "did you mean `list`?"},
        Misuse{{"snapshots", "--store", "x", "prune"}, "--keep is required"},
        Misuse{{"snapshots", "--store", "x", "diff", "A"}, "B is required"},
        Misuse{{"import"}, "a command is missing: one of csv"}, Misuse{{"config"}, "--defaults is required"},
        Misuse{{"reindex", "--store", "x"}, "give --items, --events or both"},
        Misuse{{"reindex", "--items", "i", "--store", "x", "--device", "gpu"}, "cuda"},
        Misuse{{"reindex", "--items", "i", "--store", "x", "--session-gap", "soon"}, "`soon` is no duration"},
        Misuse{{"split", "--events", "e", "--protocol", "random", "--train", "a", "--test", "b"},
               "leave-one-out"},
        Misuse{
            {"evaluate", "--store", "x", "--events", "e", "--protocol", "leave-one-out", "--metrics", "hr@x"},
            "hr@x"},
        Misuse{{"evaluate", "--store", "x", "--events", "e", "--protocol", "random"}, "next-event"}));

TEST(Program, RefusesBadInputWithStatusTwo) {
  EXPECT_EQ(segue({"search", "--store", "/no/such/store", "q"}).status, 2);
  EXPECT_EQ(segue({"snapshots", "--store", "/no/such/store", "list"}).status, 2);
  EXPECT_EQ(segue({"snapshots", "list", "--store", "/no/such/store"}).status, 2);
  EXPECT_EQ(segue({"search", "--store", "x", "--ctx", "{", "q"}).status, 2);
  EXPECT_EQ(segue({"search", "--store", "x", "--ctx", "@/no/such/file", "q"}).status, 2);
  EXPECT_EQ(segue({"reindex", "--items", "/no/such/file", "--store", testing::TempDir() + "/none"}).status,
            2);
}

TEST(Program, RefusesTheProtocolOfRatingsWithoutARatingModel) {
  const Outcome outcome = segue({"evaluate", "--store", "x", "--events", "e", "--protocol", "rating"});
  EXPECT_EQ(outcome.status, 2);
  EXPECT_THAT(outcome.err, HasSubstr("no rating model"));
}

TEST(Program, PrintsTheConfigurationAsTomlAndAsJson) {
  EXPECT_THAT(segue({"config", "--defaults"}).out, HasSubstr("[transformer]"));
  const auto keys = nlohmann::json::parse(segue({"config", "--defaults", "--json"}).out);
  ASSERT_FALSE(keys.empty());
  for (const auto& key : keys) {
    EXPECT_FALSE(key.at("key").get<std::string>().empty());
    EXPECT_FALSE(key.at("meaning").get<std::string>().empty());
  }
}

}  // namespace
}  // namespace segue::integration
