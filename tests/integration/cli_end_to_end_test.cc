// The program itself on a generated shop: what outsiders type, and what they get on out, on err and as
// status.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/program.h"
#include "tests/support/small_shop.h"

namespace segue {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::HasSubstr;
using testing::Not;
using tests::ProgramResult;
using tests::run_segue;

std::string content(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

/// One shop for all tests, split, and indexed from its TRAIN: made once, read by each.
class Program : public testing::Test {
 protected:
  struct Shop {
    tests::SmallShop data{6000};
    fs::path train = data.folder.path() / "train.jsonl.gz";
    fs::path test = data.folder.path() / "test.jsonl";
    fs::path config = data.folder.path() / "quick.toml";
    ProgramResult split;
    ProgramResult reindex;
  };

  static void SetUpTestSuite() {
    shop_ = std::make_unique<Shop>();
    std::ofstream(shop_->config)
        << "[mf]\nfactors = 8\niterations = 3\n[transformer]\nwidth = 16\nfeed_forward = 16\nwindow = 8\n"
           "epochs = 1\nnegatives = 64\n";
    shop_->split = run_segue({"split", "--events", shop_->data.events.string(), "--protocol", "leave-one-out",
                              "--train", shop_->train.string(), "--test", shop_->test.string(), "--json"});
    shop_->reindex =
        run_segue({"reindex", "--items", shop_->data.items.string(), "--events", shop_->train.string(),
                   "--store", store(), "--config", shop_->config.string(), "--force", "--json"});
  }
  static void TearDownTestSuite() { shop_.reset(); }

  static std::string store() { return shop_->data.store.string(); }
  static fs::path file(const std::string& name) { return shop_->data.folder.path() / name; }
  /// A command on the store.
  static ProgramResult on_store(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin() + 1, {"--store", store()});
    return run_segue(arguments);
  }
  static json answer(const std::vector<std::string>& arguments) {
    const ProgramResult result = on_store(arguments);
    EXPECT_EQ(result.status, 0) << result.err;
    return json::parse(result.out);
  }
  /// The id of some product.
  static std::string product() {
    return answer({"search", "--json", "--size", "1", "lamp"}).at("hits").at(0).at("id");
  }
  static std::string session_of(const std::string& id) { return json::array({{{"item", id}}}).dump(); }

  static std::unique_ptr<Shop> shop_;
};
std::unique_ptr<Program::Shop> Program::shop_;

TEST_F(Program, ImportsATableAndReportsEveryRow) {
  std::ofstream(file("orders.csv")) << "Invoice,Code,Name,Quantity,Customer,When\n"
                                       "1,A,red lamp,2,7,2011-01-01 10:00:00\n"
                                       "1,B,blue lamp,1,7,2011-01-01 10:00:00\n"
                                       "C2,A,red lamp,-2,7,2011-01-02 10:00:00\n";
  std::ofstream(file("orders.toml")) << "[columns]\nitem = \"Code\"\ntitle = \"Name\"\nuser = \"Customer\"\n"
                                        "time = \"When\"\n[[drop]]\nname = \"cancellations\"\n"
                                        "column = \"Invoice\"\nprefix = \"C\"\n";
  const std::vector<std::string> command = {"import",   "csv",
                                            "--input",  file("orders.csv").string(),
                                            "--config", file("orders.toml").string(),
                                            "--items",  file("orders.items.jsonl").string(),
                                            "--events", file("orders.events.jsonl").string()};
  std::vector<std::string> as_json = command;
  as_json.emplace_back("--json");
  const ProgramResult result = run_segue(as_json);
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_TRUE(json::accept(result.out)) << result.out;
  EXPECT_THAT(run_segue(command).out, HasSubstr("cancellations"));
  EXPECT_EQ(lines_of(content(file("orders.items.jsonl"))).size(), 2u);
  EXPECT_EQ(lines_of(content(file("orders.events.jsonl"))).size(), 2u);
}

TEST_F(Program, SplitsALogAndCountsWhatItDid) {
  ASSERT_EQ(shop_->split.status, 0) << shop_->split.err;
  const json report = json::parse(shop_->split.out);
  EXPECT_EQ(report.at("protocol"), "leave-one-out");
  EXPECT_EQ(report.at("targets"), report.at("test_sequences"));
  std::size_t targets = 0;
  for (const std::string& line : lines_of(content(shop_->test)))
    targets += json::parse(line).value("target", false);
  EXPECT_EQ(report.at("targets"), targets);
  EXPECT_GT(targets, 100u);
}

TEST_F(Program, ReindexReportsAsJsonOnOutAndProgressOnErr) {
  ASSERT_EQ(shop_->reindex.status, 0) << shop_->reindex.err;
  const json report = json::parse(shop_->reindex.out);
  EXPECT_FALSE(report.at("snapshot").get<std::string>().empty());
  EXPECT_FALSE(report.at("phases").empty());
  EXPECT_TRUE(report.at("evaluation").back().contains("ndcg@10"));
  EXPECT_EQ(report.at("evaluation").back().at("model"), "blend");
  EXPECT_THAT(shop_->reindex.err, HasSubstr("transformer: "));
  EXPECT_THAT(shop_->reindex.err, Not(HasSubstr("\x1b")));
}

TEST_F(Program, AManifestNamesTheProgramThatWroteIt) {
  const std::string id = json::parse(shop_->reindex.out).at("snapshot");
  const json manifest = json::parse(content(fs::path(store()) / "snapshots" / id / "manifest.json"));
  EXPECT_EQ(manifest.at("program").get<std::string>() + "\n", run_segue({"--version"}).out);
}

TEST_F(Program, DryRunWritesNothing) {
  const fs::path none = file("dry.store");
  const ProgramResult result = run_segue(
      {"reindex", "--items", shop_->data.items.string(), "--store", none.string(), "--dry-run", "--json"});
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_TRUE(json::parse(result.out).at("snapshot").is_null());
  EXPECT_FALSE(fs::exists(none));
}

TEST_F(Program, SearchAnswersInTheFormatOfTheServices) {
  const json found = answer({"search", "--json", "--ctx", session_of(product()), "lamp {!session ctx=$ctx}"});
  EXPECT_EQ(found.at("snapshot"), json::parse(shop_->reindex.out).at("snapshot"));
  ASSERT_FALSE(found.at("hits").empty());
  const json& hit = found.at("hits").at(0);
  EXPECT_EQ(hit.at("rank"), 1);
  std::vector<std::string> legs;
  for (const json& leg : hit.at("legs")) legs.push_back(leg.at("name"));
  EXPECT_THAT(legs, testing::IsSubsetOf({"text", "session"}));
}

TEST_F(Program, SearchPrintsATableForPeople) {
  const ProgramResult result = on_store({"search", "--size", "3", "lamp"});
  ASSERT_EQ(result.status, 0) << result.err;
  const std::vector<std::string> lines = lines_of(result.out);
  ASSERT_EQ(lines.size(), 5u) << result.out;
  EXPECT_THAT(lines[0], HasSubstr("score"));
  EXPECT_THAT(lines[1], HasSubstr("text #1 ("));
  EXPECT_THAT(lines[4], HasSubstr("3 of "));
  EXPECT_EQ(result.err, "");
}

TEST_F(Program, SearchExplainsWordsModelsAndEvents) {
  const std::string id = product();
  const ProgramResult result = on_store({"search", "--size", "2", "--explain", "--ctx", session_of(id),
                                         "lamp {!session ctx=$ctx seen=include}"});
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_THAT(result.out, HasSubstr("word "));
  EXPECT_THAT(result.out, HasSubstr("moved by "));
  EXPECT_THAT(result.out, HasSubstr(id));
}

TEST_F(Program, SearchShowsTheFieldsAskedForBelowEachHit) {
  const json hit =
      answer({"search", "--json", "--size", "1", "--fields", "price,category", "lamp"}).at("hits").at(0);
  EXPECT_EQ(hit.at("fields").size(), 2u);
  EXPECT_TRUE(hit.at("fields").at("price").is_number());
  const std::string category = hit.at("fields").at("category");
  const ProgramResult shown = on_store({"search", "--size", "1", "--fields", "price,category", "lamp"});
  ASSERT_EQ(shown.status, 0) << shown.err;
  EXPECT_THAT(shown.out, HasSubstr("\n     category  " + category + "\n     price     "));
  EXPECT_THAT(on_store({"search", "--size", "1", "--fields", "*", "lamp"}).out, HasSubstr("\n     style "));
}

TEST_F(Program, SearchReadsTheSessionFromAFileAndValuesFromParams) {
  const std::string id = product();
  std::ofstream(file("ctx.json")) << session_of(id);
  const json from_file = answer({"search", "--json", "--ctx", "@" + file("ctx.json").string(), "--param",
                                 "q=lamp", "$q {!session ctx=$ctx}"});
  const json direct = answer({"search", "--json", "--ctx", session_of(id), "lamp {!session ctx=$ctx}"});
  EXPECT_EQ(from_file.at("hits"), direct.at("hits"));
}

TEST_F(Program, AQueryWithErrorsShowsThemUnderTheQueryAndHasStatusTwo) {
  const ProgramResult result = on_store({"search", "lamp {!sesion ctx=$ctx}"});
  EXPECT_EQ(result.status, 2);
  EXPECT_EQ(result.out, "");
  EXPECT_THAT(result.err, HasSubstr("  lamp {!sesion ctx=$ctx}\n       ^~~~"));
  EXPECT_THAT(result.err, HasSubstr("did you mean {!session}?"));
  const ProgramResult as_json = on_store({"search", "--json", "lamp {!sesion ctx=$ctx}"});
  EXPECT_EQ(as_json.status, 2);
  EXPECT_EQ(json::parse(as_json.out).at("diagnostics").at(0).at("begin"), 5);
}

TEST_F(Program, SuggestsWhatBeginsWithTheLettersTyped) {
  const json found = answer({"suggest", "--json", "--size", "4", "la"});
  ASSERT_FALSE(found.at("hits").empty());
  EXPECT_LE(found.at("hits").size(), 4u);
  EXPECT_EQ(on_store({"suggest", "--ctx", session_of(product()), "la"}).status, 0);
}

TEST_F(Program, RunKeepsTheOrderOfTheRequestsWhateverTheThreads) {
  std::ofstream requests(file("requests.jsonl"));
  for (int i = 0; i < 700; ++i)
    requests << json{{"id", "r " + std::to_string(i)},
                     {"query", i % 2 == 0 ? "lamp" : "chair OR table"},
                     {"size", 3}}
                    .dump()
             << "\n";
  requests.close();
  const auto run_with = [&](const std::string& threads) {
    const fs::path output = file("run." + threads);
    const ProgramResult result = on_store({"run", "--requests", file("requests.jsonl").string(), "--output",
                                           output.string(), "--threads", threads});
    EXPECT_EQ(result.status, 0) << result.err;
    return content(output);
  };
  const std::string run = run_with("1");
  EXPECT_EQ(run, run_with("4"));
  const std::vector<std::string> lines = lines_of(run);
  ASSERT_EQ(lines.size(), 2100u);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    std::istringstream columns(lines[i]);
    std::string request, zero, item, rank, score, name, more;
    columns >> request >> zero >> item >> rank >> score >> name;
    EXPECT_EQ(request, "r%20" + std::to_string(i / 3));
    EXPECT_EQ(zero, "Q0");
    EXPECT_EQ(rank, std::to_string(i % 3 + 1));
    EXPECT_EQ(name, "segue");
    EXPECT_FALSE(columns >> more);
  }
}

TEST_F(Program, RunAnswersAllOtherRequestsWhenSomeFail) {
  std::ofstream(file("faulty.jsonl")) << R"({"id": "good", "query": "lamp", "size": 2})"
                                      << "\nno json\n"
                                      << R"({"id": "bad", "query": "lamp {!sesion}"})"
                                      << "\n\n"
                                      << R"({"id": "letters", "suggest": "la", "size": 1})"
                                      << "\n";
  const fs::path output = file("faulty.run");
  const ProgramResult result =
      on_store({"run", "--requests", file("faulty.jsonl").string(), "--output", output.string(), "--json"});
  EXPECT_EQ(result.status, 2);
  EXPECT_THAT(result.err, HasSubstr("faulty.jsonl:2: "));
  EXPECT_THAT(result.err, HasSubstr("faulty.jsonl:3 (bad): at byte 5 of the query"));
  EXPECT_THAT(result.err, HasSubstr("2 of 4 requests failed"));
  const json report = json::parse(result.out);
  EXPECT_EQ(report.at("failed"), 2);
  const std::string run = content(output);
  EXPECT_THAT(run, testing::StartsWith("good Q0 "));
  EXPECT_THAT(run, HasSubstr("\nletters Q0 "));
  EXPECT_THAT(run, Not(HasSubstr("bad Q0")));
}

TEST_F(Program, RunCountsWarningsByKindWithAnExample) {
  std::ofstream(file("warned.jsonl"))
      << R"({"id": "r1", "query": "lamp {!session ctx=$ctx}", "ctx": [{"item": "gone"}, {"item": "lost"}]})"
      << "\n"
      << R"({"id": "r2", "query": "lamp {!session ctx=$ctx}", "ctx": [{"item": "gone"}]})"
      << "\n"
      << R"({"id": "r2", "query": "lamp", "sizes": 3})"
      << "\n"
      << R"({"id": "r3", "query": "lamp"})"
      << "\n";
  const ProgramResult result = on_store({"run", "--requests", file("warned.jsonl").string(), "--output",
                                         file("warned.run").string(), "--json"});
  ASSERT_EQ(result.status, 0) << result.err;
  const json warnings = json::parse(result.out).at("warnings");
  ASSERT_EQ(warnings.size(), 3u) << warnings;
  EXPECT_EQ(warnings[0].at("requests"), 2);
  EXPECT_EQ(warnings[0].at("example"), "r1");
  EXPECT_THAT(warnings[0].at("message").get<std::string>(), HasSubstr("left out: 2"));
  EXPECT_THAT(warnings[1].at("message").get<std::string>(),
              testing::StartsWith("the key `sizes` is unknown"));
  EXPECT_THAT(warnings[2].at("message").get<std::string>(), HasSubstr("the same id"));
  EXPECT_EQ(warnings[2].at("example"), "r2");
  EXPECT_THAT(result.err, HasSubstr("warning: 2 requests, such as `r1`: items of the session"));
  EXPECT_THAT(result.err, HasSubstr("warning: 1 request, such as `r2`: the key `sizes`"));
}

TEST_F(Program, RunSaysWhichTextOfARequestIsWrong) {
  std::ofstream(file("filter.jsonl")) << R"({"id": "r1", "query": "lamp", "filter": "a AND (b"})"
                                      << "\n";
  const ProgramResult result =
      on_store({"run", "--requests", file("filter.jsonl").string(), "--output", file("filter.run").string()});
  EXPECT_EQ(result.status, 2);
  EXPECT_THAT(result.err, HasSubstr("filter.jsonl:1 (r1): in the filter, at byte "));
  const ProgramResult search = on_store({"search", "--filter", "a AND (b", "lamp"});
  EXPECT_EQ(search.status, 2);
  EXPECT_THAT(search.err, HasSubstr("error (filter): "));
  EXPECT_THAT(search.err, Not(HasSubstr("^")));
}

TEST_F(Program, RunWritesToStandardOutputForADash) {
  std::ofstream(file("dash.jsonl")) << R"({"id": "r1", "query": "lamp", "size": 2})"
                                    << "\n";
  const std::string requests = file("dash.jsonl").string();
  const ProgramResult to_file =
      on_store({"run", "--requests", requests, "--output", file("dash.run").string()});
  ASSERT_EQ(to_file.status, 0) << to_file.err;
  const ProgramResult result = on_store({"run", "--requests", requests, "--output", "-"});
  ASSERT_EQ(result.status, 0) << result.err;
  EXPECT_EQ(result.out, content(file("dash.run")));
  EXPECT_THAT(result.err, HasSubstr("1 request answered in "));
  EXPECT_FALSE(fs::exists("-"));
  const ProgramResult both = on_store({"run", "--requests", requests, "--output", "-", "--json"});
  EXPECT_EQ(both.status, 1);
  EXPECT_EQ(both.out, "");
}

TEST_F(Program, SuggestPagesThroughItsSuggestions) {
  const json all = answer({"suggest", "--json", "--size", "4", ""}).at("hits");
  const json rest = answer({"suggest", "--json", "--size", "2", "--offset", "2", ""}).at("hits");
  ASSERT_EQ(all.size(), 4u);
  ASSERT_EQ(rest.size(), 2u);
  EXPECT_EQ(rest.at(0), all.at(2));
  EXPECT_EQ(rest.at(1), all.at(3));
}

TEST_F(Program, RunLeavesNoFileBehindWhenItCannotBegin) {
  const fs::path output = file("never.run");
  EXPECT_EQ(
      on_store({"run", "--requests", file("missing.jsonl").string(), "--output", output.string()}).status, 2);
  EXPECT_FALSE(fs::exists(output));
  EXPECT_EQ(on_store({"run", "--requests", shop_->test.string(), "--output", "/proc/no/run"}).status, 4);
}

TEST_F(Program, EvaluatesOnTestFilesAndOnWholeLogsAlike) {
  const json on_test =
      answer({"evaluate", "--json", "--events", shop_->test.string(), "--protocol", "leave-one-out"});
  EXPECT_EQ(on_test.at("protocol"), "leave-one-out");
  EXPECT_EQ(on_test.at("model"), "blend");
  EXPECT_EQ(on_test.at("events"), json::parse(shop_->split.out).at("targets"));
  for (const char* metric : {"hr@10", "ndcg@10", "mrr@20", "recall@100", "coverage"}) {
    EXPECT_GE(on_test.at(metric).get<double>(), 0);
    EXPECT_LE(on_test.at(metric).get<double>(), 1);
  }
  const json on_log =
      answer({"evaluate", "--json", "--events", shop_->data.events.string(), "--protocol", "leave-one-out"});
  EXPECT_EQ(on_log, on_test);
}

TEST_F(Program, EvaluatesOneModelAndTheMetricsAskedFor) {
  const json report = answer({"evaluate", "--json", "--events", shop_->test.string(), "--protocol",
                              "leave-one-out", "--model", "popularity", "--metrics", "hr@5"});
  EXPECT_EQ(report.at("model"), "popularity");
  EXPECT_TRUE(report.contains("hr@5"));
  EXPECT_FALSE(report.contains("ndcg@10"));
  const json sampled =
      answer({"evaluate", "--json", "--events", shop_->test.string(), "--protocol", "leave-one-out",
              "--model", "popularity", "--metrics", "hr@5", "--negatives", "20"});
  EXPECT_EQ(sampled.at("negatives"), 20);
  EXPECT_GT(sampled.at("hr@5").get<double>(), report.at("hr@5").get<double>());
}

TEST_F(Program, RefusesToEvaluateOnWhatTheStoreWasTrainedOn) {
  for (const char* protocol : {"leave-one-out", "next-event"}) {
    const ProgramResult result =
        on_store({"evaluate", "--events", shop_->train.string(), "--protocol", protocol});
    EXPECT_EQ(result.status, 2) << protocol;
    EXPECT_THAT(result.err, HasSubstr("was trained on"));
    EXPECT_THAT(result.err, HasSubstr("segue split"));
  }
}

TEST_F(Program, RefusesAModelThatTheStoreLacksAndNamesThoseThatItHas) {
  const ProgramResult result = on_store(
      {"evaluate", "--events", shop_->test.string(), "--protocol", "leave-one-out", "--model", "oracle"});
  EXPECT_EQ(result.status, 2);
  EXPECT_THAT(result.err, HasSubstr("transitions"));
}

TEST_F(Program, EvaluatesTheKindOfNeighboursThatWasBestOnValidation) {
  const auto measured = [&](const std::string& model) {
    const json report = answer({"evaluate", "--json", "--events", shop_->test.string(), "--protocol",
                                "leave-one-out", "--metrics", "ndcg@10", "--model", model});
    return report.at("ndcg@10").get<double>();
  };
  const double best = measured("neighbours");
  EXPECT_GT(best, measured("popularity"));
  const std::vector<double> kinds = {measured("item-neighbours"), measured("user-neighbours"),
                                     measured("session-neighbours")};
  EXPECT_THAT(kinds, testing::Contains(best));
}

TEST_F(Program, ShowsAnItemWithItsNeighboursByEachModel) {
  const std::string id = product();
  const json portrait = answer({"show", "--json", id});
  EXPECT_EQ(portrait.at("id"), id);
  for (const char* model : {"mf", "transformer"}) {
    const json& neighbours = portrait.at("models").at(model).at("neighbours");
    EXPECT_EQ(neighbours.size(), 5u);
    for (const json& neighbour : neighbours) EXPECT_NE(neighbour.at("id"), id);
  }
  const json& alike = portrait.at("models").at("item-neighbours").at("neighbours");
  ASSERT_FALSE(alike.empty());
  EXPECT_GT(alike[0].at("because").at("sessions_in_common").get<int>(), 0);
  EXPECT_THAT(on_store({"show", id}).out, HasSubstr("in common"));
  EXPECT_THAT(on_store({"show", id}).out, HasSubstr("transformer (cosine)"));
  EXPECT_THAT(on_store({"show", id}).out, HasSubstr("content (cosine)"));
  const ProgramResult unknown = on_store({"show", "no-such-item"});
  EXPECT_EQ(unknown.status, 2);
  EXPECT_THAT(unknown.err, HasSubstr("no-such-item"));
  EXPECT_THAT(unknown.err, HasSubstr("`segue search WORDS` shows ids"));
  EXPECT_THAT(on_store({"show", "--size", "0", id}).out, Not(HasSubstr("cosine")));
}

TEST_F(Program, ShowsWholeNumbersWithoutAFraction) {
  std::ofstream(file("numbers.jsonl"))
      << R"({"id": "a", "title": "lamp", "attributes": {"watt": 5, "price": 12.5}})"
      << "\n";
  const std::string numbers = file("numbers.store").string();
  ASSERT_EQ(run_segue({"reindex", "--items", file("numbers.jsonl").string(), "--store", numbers}).status, 0);
  const ProgramResult shown = run_segue({"show", "--store", numbers, "a"});
  ASSERT_EQ(shown.status, 0) << shown.err;
  EXPECT_THAT(shown.out, testing::ContainsRegex("watt +5\n"));
  EXPECT_THAT(shown.out, testing::ContainsRegex("price +12.5\n"));
  EXPECT_THAT(run_segue({"search", "--store", numbers, "lamp"}).out, HasSubstr("1 of 1 hit; snapshot"));
}

TEST_F(Program, ResultsThatCannotBeWrittenAreStatusFour) {
  const std::string command =
      std::string(SEGUE_PROGRAM) + " search --store " + store() + " lamp >/dev/full 2>&1";
  const int status = std::system(command.c_str());
  EXPECT_EQ(WEXITSTATUS(status), 4);
}

TEST_F(Program, AReaderThatLeavesEarlyIsNoFailure) {
  const std::string err = file("pipe.err").string();
  const std::string command = "{ " + std::string(SEGUE_PROGRAM) + " search --store " + store() +
                              " --size 400 lamp 2>" + err + "; echo $? >>" + err + "; } | true";
  ASSERT_EQ(std::system(command.c_str()), 0);
  EXPECT_EQ(content(err), "0\n");
}

TEST_F(Program, TheSmallestDemoAlwaysHasSomethingToShow) {
  for (const char* seed : {"1", "2", "3", "4", "5"}) {
    const ProgramResult result = run_segue(
        {"demo", "--dir", file("demo").string(), "--seed", seed, "--products", "2000", "--events", "1000"});
    EXPECT_EQ(result.status, 0) << "seed " << seed << ": " << result.err;
    EXPECT_THAT(result.out, HasSubstr("Where to go next"));
  }
  EXPECT_EQ(run_segue({"demo", "--dir", file("demo").string(), "--products", "1999"}).status, 1);
}

TEST_F(Program, TheDemoAsJsonIsOneObject) {
  const std::string folder = file("demo-json").string();
  const ProgramResult result =
      run_segue({"demo", "--json", "--dir", folder, "--products", "2000", "--events", "1000"});
  ASSERT_EQ(result.status, 0) << result.err;
  const json report = json::parse(result.out);
  EXPECT_EQ(report.at("folder"), folder);
  EXPECT_TRUE(
      fs::is_directory(fs::path(folder) / "store" / "snapshots" / report.at("snapshot").get<std::string>()));
}

/// A store of its own, for what changes one.
class Snapshots : public Program {
 protected:
  Snapshots() : store_(folder_.path() / "store") {
    fs::copy(store(), store_, fs::copy_options::recursive);
    const ProgramResult result =
        run_segue({"reindex", "--items", shop_->data.items.string(), "--store", store_.string()});
    EXPECT_EQ(result.status, 0) << result.err;
  }
  ProgramResult snapshots(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {"snapshots", "--store", store_.string()});
    return run_segue(arguments);
  }
  json list() const { return json::parse(snapshots({"list", "--json"}).out); }

  tests::TemporaryFolder folder_;
  fs::path store_;
};

TEST_F(Snapshots, AreListedRolledBackComparedAndPruned) {
  const json before = list();
  ASSERT_EQ(before.size(), 2u);
  EXPECT_FALSE(before.at(0).at("current").get<bool>());
  EXPECT_TRUE(before.at(1).at("current").get<bool>());
  EXPECT_GT(before.at(0).at("events"), before.at(1).at("events"));  // the newer one has items alone
  const std::string old_id = before.at(0).at("id");
  const std::string new_id = before.at(1).at("id");

  const ProgramResult difference = snapshots({"diff", old_id, new_id});
  EXPECT_EQ(difference.status, 0);
  EXPECT_THAT(difference.out, HasSubstr("transformer"));
  for (const json& snapshot : before) {
    EXPECT_THAT(snapshot.at("models"), testing::Contains("content"));
    EXPECT_THAT(snapshot.at("models"), Not(testing::Contains("words")));
  }
  EXPECT_EQ(json::parse(snapshots({"diff", old_id, new_id, "--json"}).out).at("after"), new_id);

  EXPECT_EQ(json::parse(snapshots({"rollback", "--json"}).out).at("current"), old_id);
  EXPECT_THAT(snapshots({"list"}).out, HasSubstr("*  " + old_id));
  EXPECT_EQ(snapshots({"rollback", "no-such-id"}).status, 2);
  EXPECT_EQ(snapshots({"rollback", new_id}).status, 0);

  EXPECT_EQ(json::parse(snapshots({"prune", "--keep", "1", "--json"}).out).at("removed"),
            json::array({old_id}));
  EXPECT_EQ(list().size(), 1u);
}

TEST_F(Snapshots, ArePlotted) {
  const json rows = list();
  const fs::path picture = folder_.path() / "curves.svg";
  const std::string trained = rows.at(0).at("id");
  EXPECT_EQ(snapshots({"plot", picture.string(), trained}).status, 0);
  EXPECT_THAT(content(picture), HasSubstr("<circle"));
  // The newer one has items alone.
  EXPECT_EQ(json::parse(snapshots({"plot", picture.string(), "--json"}).out).at("curves"), 0);
  EXPECT_THAT(content(picture), Not(HasSubstr("<circle")));
  EXPECT_EQ(snapshots({"plot", (folder_.path() / "no/folder.svg").string()}).status, 4);
  EXPECT_EQ(snapshots({"plot", picture.string(), "no-such-id"}).status, 2);
}

TEST_F(Snapshots, VerifyNamesADamagedFileAndHasStatusThree) {
  EXPECT_EQ(snapshots({"verify"}).status, 0);
  const std::string current = list().at(1).at("id");
  std::ofstream(store_ / "snapshots" / current / "items.jsonl", std::ios::app) << "{}\n";
  const ProgramResult verified = snapshots({"verify", "--json"});
  EXPECT_EQ(verified.status, 3);
  EXPECT_THAT(verified.err, HasSubstr("items.jsonl"));
  const json report = json::parse(verified.out);
  EXPECT_TRUE(report.at(0).at("intact").get<bool>());
  EXPECT_FALSE(report.at(1).at("intact").get<bool>());
  const ProgramResult search = run_segue({"search", "--store", store_.string(), "lamp"});
  EXPECT_EQ(search.status, 3);
  EXPECT_THAT(search.err, HasSubstr("items.jsonl"));
}

TEST_F(Snapshots, InterruptingAReindexGivesStatus130AndLeavesTheStoreAsItWas) {
  std::ofstream(folder_.path() / "slow.toml") << "[transformer]\nepochs = 1000\n";
  const json before = list();
  const pid_t child = tests::start_segue({"reindex", "--items", shop_->data.items.string(), "--events",
                                          shop_->data.events.string(), "--store", store_.string(), "--config",
                                          (folder_.path() / "slow.toml").string()});
  std::this_thread::sleep_for(std::chrono::milliseconds(1500));
  kill(child, SIGINT);
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 130);
  EXPECT_EQ(list(), before);
}

}  // namespace
}  // namespace segue
