#include "index/snapshot/manifest.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "index/snapshot/snapshot_diff.h"
#include "kernels/error.h"

namespace segue::index {
namespace {

Manifest sample() {
  Manifest manifest;
  manifest.id = "20240131T120000Z-0123abcd";
  manifest.created = "2024-01-31T12:00:00Z";
  manifest.program = "segue 0.1.0";
  manifest.items = {{"product", 100}, {"query", 7}};
  manifest.events = {{"read", 1000}, {"used", 990}};
  manifest.models["mf"] = {"mf-1", 64, "ip", {{"weights", "f32"}}};
  manifest.models["transitions"].version = "transitions-1";
  manifest.blend = {{"mf", 0.25}, {"transformer", 0.75}};
  manifest.seen = "last:3";
  manifest.seed = 18446744073709551615ull;
  manifest.device = "cpu";
  manifest.threads = 2;
  manifest.phases = {{"read", 0.5, 1000}, {"transformer", 12.25, 1ull << 40}};
  manifest.evaluation = {{"models", {{"mf", {{"ndcg@10", 0.123456789012345}, {"hr@10", 0.2}}}}}};
  manifest.gate = {{"result", "passed"}};
  manifest.training = {{"transformer", {{"epochs", 3}}}};
  manifest.config = {{"transformer", {{"dimension", 64}}}};
  manifest.files["models/mf.safetensors"] = {std::string(64, 'a'), 123};
  return manifest;
}

/// The message of the Error (kDamagedStore) that reading gives.
std::string refusal(std::string_view text) {
  try {
    manifest_from_json_text(text, "S/manifest.json");
    return "";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kDamagedStore);
    EXPECT_EQ(error.where(), "S/manifest.json");
    return error.what();
  }
}

TEST(Manifest, GivesBackWhatWasWritten) {
  const Manifest manifest = sample();
  const std::string text = to_json_text(manifest);
  const Manifest read = manifest_from_json_text(text, "manifest.json");
  EXPECT_EQ(read.id, manifest.id);
  EXPECT_EQ(read.created, manifest.created);
  EXPECT_EQ(read.program, manifest.program);
  EXPECT_EQ(read.items, manifest.items);
  EXPECT_EQ(read.events, manifest.events);
  EXPECT_EQ(read.models, manifest.models);
  EXPECT_EQ(read.blend, manifest.blend);
  EXPECT_EQ(read.seen, "last:3");
  EXPECT_EQ(read.seed, manifest.seed);
  EXPECT_EQ(read.device, "cpu");
  EXPECT_EQ(read.threads, 2u);
  EXPECT_EQ(read.phases, manifest.phases);
  EXPECT_EQ(read.evaluation, manifest.evaluation);
  EXPECT_EQ(read.gate, manifest.gate);
  EXPECT_EQ(read.training, manifest.training);
  EXPECT_EQ(read.config, manifest.config);
  EXPECT_EQ(read.files, manifest.files);
  EXPECT_EQ(to_json_text(read), text);
  EXPECT_EQ(read.item_count(), 107u);
  EXPECT_EQ(read.byte_count(), 123u);
}

TEST(Manifest, KeepsKeysThatItDoesNotKnow) {
  nlohmann::json json = nlohmann::json::parse(to_json_text(sample()));
  json["invention"] = {{"deep", {1, "two"}}};
  json["models"]["mf"]["invention"] = true;
  const std::string again = to_json_text(manifest_from_json_text(json.dump(), "manifest.json"));
  EXPECT_EQ(nlohmann::json::parse(again), json);
}

TEST(Manifest, RefusesANewerFormatAndNamesTheCommandForAnOlder) {
  nlohmann::json json = nlohmann::json::parse(to_json_text(sample()));
  json["format_version"] = Manifest::kFormatVersion + 1;
  EXPECT_NE(refusal(json.dump()).find("written by a newer version"), std::string::npos);
  json["format_version"] = 18446744073709551615ull;
  EXPECT_NE(refusal(json.dump()).find("written by a newer version"), std::string::npos);
  json.erase("format_version");
  EXPECT_NE(refusal(json.dump()).find("format_version is missing"), std::string::npos);
}

TEST(Manifest, NamesTheKeyThatIsWrong) {
  const auto broken = [](const char* pointer, const nlohmann::json& value) {
    nlohmann::json json = nlohmann::json::parse(to_json_text(sample()));
    json[nlohmann::json::json_pointer(pointer)] = value;
    return refusal(json.dump());
  };
  EXPECT_NE(broken("/id", 3).find("id has the wrong type"), std::string::npos);
  EXPECT_NE(broken("/items", {{"product", -1}}).find("items has"), std::string::npos);
  EXPECT_NE(broken("/seed", 1.5).find("seed has"), std::string::npos);
  EXPECT_NE(broken("/models/mf/dimension", "x").find("models/mf/dimension has"), std::string::npos);
  EXPECT_NE(broken("/models/mf", 1).find("models/mf"), std::string::npos);
  EXPECT_NE(broken("/phases", {1}).find("phases"), std::string::npos);
  EXPECT_NE(broken("/evaluation", "x").find("evaluation has"), std::string::npos);
  EXPECT_NE(broken("/files/models~1mf.safetensors/sha256", "ab").find("models/mf.safetensors"),
            std::string::npos);
  EXPECT_NE(refusal("[]").find("not a JSON object"), std::string::npos);
  EXPECT_NE(refusal("{\"id\":").find("not a JSON object"), std::string::npos);
  EXPECT_NE(refusal("").find("not a JSON object"), std::string::npos);
}

TEST(Manifest, ReadsEveryPrefixOfItselfOrRefusesIt) {
  const std::string text = to_json_text(sample());
  for (std::size_t length = 0; length + 2 < text.size(); ++length) {
    ASSERT_NE(refusal(text.substr(0, length)), "") << length;
  }
}

TEST(SnapshotDiff, ListsWhatDiffersAndNothingElse) {
  const Manifest before = sample();
  EXPECT_TRUE(diff(before, before).metrics.empty() && diff(before, before).files.empty());
  Manifest after = sample();
  after.id = "20240201T120000Z-0123abcd";
  after.items = {{"product", 100}, {"query", 9}, {"article", 1}};
  after.models.erase("transitions");
  after.models["mf"].dimension = 32;
  after.evaluation["models"]["mf"]["ndcg@10"] = 0.5;
  after.config["transformer"]["epochs"] = 9;
  after.files["models/mf.safetensors"].bytes = 124;
  const SnapshotDiff difference = diff(before, after);
  EXPECT_EQ(difference.items, (std::vector<Change<std::uint64_t>>{{"article", {}, 1}, {"query", 7, 9}}));
  EXPECT_TRUE(difference.events.empty());
  ASSERT_EQ(difference.models.size(), 2u);
  EXPECT_EQ(difference.models[0].after->dimension, 32u);
  EXPECT_FALSE(difference.models[1].after);
  EXPECT_EQ(difference.metrics, (std::vector<Change<double>>{{"models/mf/ndcg@10", 0.123456789012345, 0.5}}));
  EXPECT_EQ(difference.config, (std::vector<Change<std::string>>{{"transformer/epochs", {}, "9"}}));
  ASSERT_EQ(difference.files.size(), 1u);
  const nlohmann::json json = to_json(difference);
  EXPECT_EQ(json["items"]["article"]["before"], nullptr);
  EXPECT_EQ(json["models"]["mf"]["after"]["dimension"], 32);
  EXPECT_EQ(json["after"], after.id);
}

TEST(Sha256, MeetsThePublishedVectors) {
  EXPECT_EQ(sha256_of(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_of("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  Sha256 hash;
  for (int i = 0; i < 1000; ++i) hash.update(std::string(1000, 'a'));
  EXPECT_EQ(hash.finish(), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, ReadsRegularFilesOnly) {
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("segue-sha256-" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "file") << "abc";
  std::filesystem::create_symlink(folder / "file", folder / "link");
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  EXPECT_EQ(digest_file(folder / "file"), (FileDigest{sha256_of("abc"), 3}));
  EXPECT_THROW(digest_file(folder / "link"), Error);
  EXPECT_THROW(digest_file(folder / "pipe"), Error);
  EXPECT_THROW(digest_file(folder), Error);
  EXPECT_THROW(digest_file(folder / "absent"), Error);
  std::filesystem::remove_all(folder);
}

TEST(Manifest, TellsTheContentModelFromVectorsThatCameWithTheItems) {
  EXPECT_EQ(model_title("words", {"latent-semantic-1", 128, "cosine"}), "content");
  EXPECT_EQ(model_title("content", {"given-1", 4, "cosine"}), "given-content");
  EXPECT_EQ(model_title("image", {"given-1", 4, "cosine"}), "given-image");
  EXPECT_EQ(model_title("mf", {"implicit-als-1", 64, "ip"}), "mf");
}

}  // namespace
}  // namespace segue::index
