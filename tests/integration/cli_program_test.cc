#include "integration/cli/program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
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
  for (const char* name : {"import", "split", "reindex", "search", "suggest", "run", "evaluate", "snapshots",
                           "show", "tune", "distill", "config", "demo"})
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
  for (const char* name : {"list", "verify", "rollback", "prune", "diff", "plot"})
    EXPECT_EQ(segue({"snapshots", name, "--help"}).status, 0) << name;
}

TEST(Program, NamesEveryModelInTheHelpOfEvaluate) {
  const std::string help = segue({"evaluate", "--help"}).out;
  for (const char* model : {"blend", "transformer", "mf", "transitions", "item-neighbours", "user-neighbours",
                            "session-neighbours", "content", "rating", "popularity", "context-popularity"})
    EXPECT_THAT(help, HasSubstr(model));
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
        Misuse{{"snapshots", "--store", "x"}, "one of list, verify, rollback, prune, diff, plot"},
        Misuse{{"snapshots", "--store", "x", "lst"}, "did you mean `list`?"},
        Misuse{{"snapshots", "--store", "x", "prune"}, "--keep is required"},
        Misuse{{"snapshots", "--store", "x", "diff", "A"}, "B is required"},
        Misuse{{"snapshots", "--store", "x", "plot", "x.png"}, "`x.png` does not end in .svg; name it x.svg"},
        Misuse{{"reindex", "--events", "e", "--store", "x", "--plot", "x"}, "--plot is an SVG picture"},
        Misuse{{"tune", "--events", "e", "--models", "mf", "--model", "transformer", "--output", "x.toml"},
               "the model `transformer` is not trained; name one of mf, "},
        Misuse{{"tune", "--events", "e", "--output", "x.toml", "--rungs", "0"},
               "`0` is no whole number from 1 to 10"},
        Misuse{{"reindex", "--items", "i", "--store", "x", "--threads", "100000"},
               "`100000` is no whole number from 0 to 1024"},
        Misuse{{"reindex", "--items", "i", "--store", "x", "--seed", "99999999999999999999999"},
               "is no whole number of at least 0"},
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

TEST(Program, RefusesAStoreThatIsAFileWithStatusTwoAndAdvice) {
  const std::string file = testing::TempDir() + "/a-file-not-a-store";
  std::ofstream(file) << "text\n";
  for (const std::vector<std::string>& arguments : {std::vector<std::string>{"search", "--store", file, "q"},
                                                    {"suggest", "--store", file, "q"},
                                                    {"snapshots", "--store", file, "list"},
                                                    {"reindex", "--items", file, "--store", file},
                                                    {"demo", "--dir", file}}) {
    const Outcome outcome = segue(arguments);
    EXPECT_EQ(outcome.status, 2) << arguments.front();
    EXPECT_THAT(outcome.err, HasSubstr("is a file, not a folder; name a folder")) << arguments.front();
  }
}

/// Files in a folder of their own, to see that a command leaves what it must not write.
class SameFile : public testing::Test {
 protected:
  SameFile() : input_(testing::TempDir() + "/same-file-input") { std::ofstream(input_) << kText; }
  void expect_refused(const std::vector<std::string>& arguments, const std::string& both) const {
    const Outcome outcome = segue(arguments);
    EXPECT_EQ(outcome.status, 1) << arguments.front() << ": " << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr(both + " name the same file"));
    std::ifstream in(input_);
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(in), {}), kText);
    EXPECT_FALSE(std::filesystem::exists(other_));
  }

  static constexpr const char* kText = "an input that must stay\n";
  std::string input_;
  std::string other_ = testing::TempDir() + "/same-file-other";
};

TEST_F(SameFile, IsNeverBothReadAndWritten) {
  const auto split = [](const std::string& events, const std::string& train, const std::string& test) {
    return std::vector<std::string>{"split",   "--events", events,   "--protocol", "leave-one-out",
                                    "--train", train,      "--test", test};
  };
  expect_refused(split(input_, input_, other_), "--events and --train");
  expect_refused(split(input_, other_, input_), "--events and --test");
  expect_refused(split(input_, other_, other_), "--train and --test");
  expect_refused({"run", "--store", "x", "--requests", input_, "--output", input_},
                 "--requests and --output");
  const auto import = [&](const std::string& items, const std::string& events) {
    return std::vector<std::string>{"import", "csv",     "--input", input_,     "--config",
                                    "c.toml", "--items", items,     "--events", events};
  };
  expect_refused(import(input_, other_), "--input and --items");
  expect_refused(import(other_, input_), "--input and --events");
  expect_refused(import(other_, other_), "--items and --events");
}

TEST_F(SameFile, IsRecognisedInAnotherSpellingAndThroughALink) {
  const std::string spelling = testing::TempDir() + "/./no-such-folder/../same-file-input";
  const std::string link = testing::TempDir() + "/same-file-link";
  std::filesystem::remove(link);
  std::filesystem::create_symlink(input_, link);
  for (const std::string& other : {spelling, link})
    expect_refused({"run", "--store", "x", "--requests", input_, "--output", other},
                   "--requests and --output");
}

TEST_F(SameFile, MayBeADevice) {
  const Outcome outcome = segue({"split", "--events", input_, "--protocol", "leave-one-out", "--train",
                                 "/dev/null", "--test", "/dev/null"});
  EXPECT_EQ(outcome.status, 2) << "the input is no log; the outputs are no fault";
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
