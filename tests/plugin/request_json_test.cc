#include "plugin/request_json.h"

#include <gtest/gtest.h>

#include "kernels/error.h"

namespace segue::plugin {
namespace {

std::string error_of(const std::string& json) {
  try {
    parse_request(json, "requests.jsonl:3");
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kBadInput) << json;
    return error.what();
  }
  return "";
}

TEST(ParseRequest, ReadsTheRequestsOfTheDocumentation) {
  const Request session = parse_request(
      R"({"id": "u1", "query": "{!session ctx=$ctx}", "params": {"ctx": [{"item": "85123A"}, {"query": "white lantern"}]}, "size": 20})",
      "r");
  EXPECT_EQ(session.id, "u1");
  EXPECT_EQ(session.search.size, 20u);
  const auto& ctx = std::get<std::vector<index::Event>>(session.search.params.at("ctx"));
  ASSERT_EQ(ctx.size(), 2u);
  EXPECT_EQ(ctx[0].item, "85123A");
  EXPECT_EQ(ctx[1].query, "white lantern");
  const Request suggest =
      parse_request(R"({"id": "s3", "suggest": "whi", "ctx": [{"query": "lantern"}], "size": 10})", "r");
  EXPECT_EQ(*suggest.suggest, "whi");
  EXPECT_EQ(suggest.ctx.size(), 1u);
}

TEST(ParseRequest, TellsTheTypesOfParametersApart) {
  const Request request = parse_request(
      R"({"query": "x", "params": {"t": "text", "n": 2.5, "b": true, "v": [1, 2.5], "s": [{"item": "a"}], "e": []}})",
      "r");
  const auto& params = request.search.params;
  EXPECT_EQ(std::get<std::string>(params.at("t")), "text");
  EXPECT_EQ(std::get<double>(params.at("n")), 2.5);
  EXPECT_EQ(std::get<bool>(params.at("b")), true);
  EXPECT_EQ(std::get<std::vector<double>>(params.at("v")), (std::vector<double>{1, 2.5}));
  EXPECT_EQ(std::get<std::vector<index::Event>>(params.at("s")).size(), 1u);
  EXPECT_TRUE(std::get<std::vector<index::Event>>(params.at("e")).empty());
}

TEST(ParseRequest, IgnoresUnknownKeysWithAWarningThatNamesTheNearest) {
  const Request request = parse_request(
      R"({"query": "x", "filtre": "a", "params": {"ctx": [{"item": "a", "target": true, "zork": 1}]}})", "r");
  ASSERT_EQ(request.warnings.size(), 1u);
  EXPECT_EQ(request.warnings[0], "the key `filtre` is unknown and was ignored; did you mean `filter`?");
  EXPECT_EQ(std::get<std::vector<index::Event>>(request.search.params.at("ctx")).size(), 1u);
}

TEST(ParseRequest, NamesWhatIsWrongAndWhere) {
  EXPECT_EQ(error_of("{"),
            "requests.jsonl:3: this is no JSON, from its byte 2 on; send one JSON object a line, UTF-8");
  EXPECT_NE(error_of("[]").find("has to be a JSON object"), std::string::npos);
  EXPECT_NE(error_of("{}").find("exactly one of `query` and `suggest`"), std::string::npos);
  EXPECT_NE(error_of(R"({"query": "a", "suggest": "b"})").find("exactly one"), std::string::npos);
  EXPECT_NE(error_of(R"({"query": 1})").find("`query` has to be a string"), std::string::npos);
  EXPECT_NE(error_of(R"({"query": "a", "size": -1})").find("`size`"), std::string::npos);
  EXPECT_NE(error_of(R"({"query": "a", "mode": "loose"})").find("lenient or strict"), std::string::npos);
  EXPECT_NE(error_of(R"({"query": "a", "time": "yesterday"})").find("ISO 8601"), std::string::npos);
  EXPECT_NE(error_of(R"({"query": "a", "params": {"v": [1, "x"]}})").find("$v"), std::string::npos);
  EXPECT_NE(error_of(R"({"query": "a", "params": {"c": [{"item": "a"}, {}]}})").find("$c[1]"),
            std::string::npos);
  EXPECT_NE(error_of(R"({"suggest": "a", "sort": ["price"]})").find("suggestions are ranked"),
            std::string::npos);
}

TEST(ParseRequest, TakesTimesOfBothForms) {
  EXPECT_EQ(parse_request(R"({"query": "a", "time": 5})", "r").time, 5);
  EXPECT_EQ(parse_request(R"({"query": "a", "time": "1970-01-01T00:01:00Z"})", "r").time, 60);
}

TEST(ParseParam, ReadsJsonAndElseText) {
  EXPECT_EQ(std::get<std::string>(parse_param("red lamp", "--param")), "red lamp");
  EXPECT_EQ(std::get<double>(parse_param("3", "--param")), 3);
  EXPECT_EQ(std::get<std::string>(parse_param("\"3\"", "--param")), "3");
  EXPECT_EQ(std::get<std::vector<double>>(parse_param("[1,2]", "--param")).size(), 2u);
}

}  // namespace
}  // namespace segue::plugin
