#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <functional>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "index/model/transformer_weights.h"
#include "index/safetensors.h"
#include "kernels/error.h"
#include "tests/index/transformer_fixture.h"

namespace segue::index {
namespace {

constexpr TransformerConfig kConfig{
    .width = 8, .layers = 2, .heads = 2, .feed_forward = 12, .window = 6, .temperature = 0.11f};

class TransformerWeightsTest : public testing::Test {
 protected:
  TransformerWeightsTest()
      : file_(std::filesystem::temp_directory_path() /
              ("segue_transformer_" + std::to_string(getpid()) + ".safetensors")) {}
  ~TransformerWeightsTest() override {
    std::error_code ignored;
    std::filesystem::remove(file_, ignored);
  }

  /// Writes the file of good weights with one thing changed, and expects that loading says what is wrong.
  struct File {
    std::map<std::string, std::string> metadata;
    std::map<std::string, std::pair<std::vector<std::size_t>, std::vector<float>>> tensors;
    std::vector<std::int32_t> vocabulary;
  };
  void expect_damage(const std::function<void(File&)>& change, const std::string& named) {
    File parts;
    random_weights(kConfig, 5, 3).save(file_);
    {
      const auto good = Safetensors::open(file_);
      for (const char* key :
           {"format", "width", "layers", "heads", "feed_forward", "window", "temperature"}) {
        parts.metadata[key] = good->metadata(key);
      }
      for (const std::string& name : good->names()) {
        if (name == "vocabulary") continue;
        const auto values = good->f32(name);
        parts.tensors[name] = {good->shape(name), {values.begin(), values.end()}};
      }
      const auto vocabulary = good->i32("vocabulary");
      parts.vocabulary.assign(vocabulary.begin(), vocabulary.end());
    }
    change(parts);
    SafetensorsWriter writer;
    for (const auto& [key, value] : parts.metadata) writer.metadata(key, value);
    for (const auto& [name, tensor] : parts.tensors) {
      writer.add(name, tensor.first, std::span<const float>(tensor.second));
    }
    writer.add("vocabulary", {parts.vocabulary.size()}, std::span<const std::int32_t>(parts.vocabulary));
    writer.write(file_);
    try {
      TransformerWeights::load(file_);
      ADD_FAILURE() << "loaded in spite of " << named;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kDamagedStore);
      EXPECT_NE(std::string(error.what()).find(file_.string()), std::string::npos) << error.what();
      EXPECT_NE(std::string(error.what()).find(named), std::string::npos) << error.what();
    }
  }

  std::filesystem::path file_;
};

TEST_F(TransformerWeightsTest, ComeBackFromTheFileBitForBit) {
  const TransformerWeights saved = random_weights(kConfig, 5, 3);
  saved.save(file_);
  const TransformerWeights loaded = TransformerWeights::load(file_);
  EXPECT_EQ(loaded.config(), saved.config());
  EXPECT_TRUE(std::ranges::equal(loaded.vocabulary(), saved.vocabulary()));
  EXPECT_TRUE(std::ranges::equal(loaded.flat_body(), saved.flat_body()));
  for (std::size_t r = 0; r < 5; ++r) {
    EXPECT_TRUE(std::ranges::equal(loaded.items().row_span(r), saved.items().row_span(r)));
  }
}

TEST_F(TransformerWeightsTest, ComeBackAsTheyWereRoundedFromEveryStorage) {
  for (const Storage storage : {Storage::kFp32, Storage::kFp16, Storage::kInt8}) {
    TransformerWeights rounded = random_weights(kConfig, 5, 3);
    rounded.save(file_, storage);
    rounded.round_to(storage);
    const TransformerWeights loaded = TransformerWeights::load(file_);
    const TransformerWeights opened = TransformerWeights::open(file_);
    EXPECT_TRUE(std::ranges::equal(loaded.flat_body(), rounded.flat_body())) << to_string(storage);
    EXPECT_TRUE(std::ranges::equal(opened.flat_body(), rounded.flat_body()));
    std::vector<float> row(8);
    for (std::size_t r = 0; r < 5; ++r) {
      EXPECT_TRUE(std::ranges::equal(loaded.items().row_span(r), rounded.items().row_span(r)));
      opened.copy_items(r, {row.data(), 1, 8});
      EXPECT_TRUE(std::ranges::equal(row, rounded.items().row_span(r)));
    }
    EXPECT_THROW(opened.items(), std::logic_error);
  }
}

TEST_F(TransformerWeightsTest, TheSurplusScaleOfAFloatTableIsDamage) {
  random_weights(kConfig, 5, 3).save(file_, Storage::kInt8);
  EXPECT_EQ(Safetensors::open(file_)->dtype("blocks.0.attention.qkv.weight"), DType::kI8);
  EXPECT_EQ(Safetensors::open(file_)->dtype("blocks.0.attention.qkv.bias"), DType::kF32);
  expect_damage([](File& f) { f.tensors["item_embedding.weight.scale"] = {{5}, {1, 1, 1, 1, 1}}; }, "lacks");
}

TEST_F(TransformerWeightsTest, WithoutAnyItemComeBackToo) {
  TransformerWeights(kConfig, {}).save(file_);
  EXPECT_TRUE(TransformerWeights::load(file_).vocabulary().empty());
}

TEST_F(TransformerWeightsTest, CarryTheNamesAndShapesOfPyTorch) {
  random_weights(kConfig, 5, 3).save(file_);
  const auto tensors = Safetensors::open(file_);
  EXPECT_EQ(tensors->shape("item_embedding.weight"), (std::vector<std::size_t>{5, 8}));
  EXPECT_EQ(tensors->shape("position_embedding.weight"), (std::vector<std::size_t>{6, 8}));
  EXPECT_EQ(tensors->shape("blocks.1.attention.qkv.weight"), (std::vector<std::size_t>{24, 8}));
  EXPECT_EQ(tensors->shape("blocks.1.attention.out.bias"), (std::vector<std::size_t>{8}));
  EXPECT_EQ(tensors->shape("blocks.0.feed_forward.up.weight"), (std::vector<std::size_t>{12, 8}));
  EXPECT_EQ(tensors->shape("blocks.0.feed_forward.down.weight"), (std::vector<std::size_t>{8, 12}));
  EXPECT_EQ(tensors->shape("final_norm.bias"), (std::vector<std::size_t>{8}));
  EXPECT_EQ(tensors->names().size(), 2u + 1 + 2 * 12 + 2);
}

TEST_F(TransformerWeightsTest, DamageIsNamed) {
  const std::string kQkv = "blocks.1.attention.qkv.weight";
  expect_damage([&](File& f) { f.tensors.erase(kQkv); }, kQkv);
  expect_damage([&](File& f) { f.tensors["blocks.2.norm1.weight"] = f.tensors["final_norm.weight"]; },
                "lacks");
  expect_damage([&](File& f) { f.tensors[kQkv].first = {8, 24}; }, kQkv);
  expect_damage([&](File& f) { f.tensors[kQkv].second[7] = std::numeric_limits<float>::quiet_NaN(); }, kQkv);
  expect_damage([&](File& f) { f.tensors["item_embedding.weight"].second[0] = INFINITY; },
                "item_embedding.weight");
  expect_damage([&](File& f) { f.vocabulary[2] = f.vocabulary[1]; }, "vocabulary");
  expect_damage([&](File& f) { f.vocabulary[0] = -1; }, "vocabulary");
  expect_damage([&](File& f) { f.vocabulary.push_back(100); }, "item_embedding.weight");
}

TEST_F(TransformerWeightsTest, ADamagedConfigurationIsNamed) {
  expect_damage([](File& f) { f.metadata["format"] = "another"; }, "format");
  expect_damage([](File& f) { f.metadata["width"] = "-8"; }, "width");
  expect_damage([](File& f) { f.metadata["width"] = "99999999999"; }, "width");
  expect_damage([](File& f) { f.metadata["width"] = "16"; }, "item_embedding.weight");
  expect_damage([](File& f) { f.metadata["window"] = ""; }, "window");
  expect_damage([](File& f) { f.metadata["heads"] = "3"; }, "heads");
  expect_damage([](File& f) { f.metadata["layers"] = "3"; }, "blocks.2");
  expect_damage([](File& f) { f.metadata["temperature"] = "nan"; }, "temperature");
  expect_damage([](File& f) { f.metadata["temperature"] = "0.07x"; }, "temperature");
}

TEST_F(TransformerWeightsTest, AMissingFileIsAnError) {
  EXPECT_THROW(TransformerWeights::load(file_), Error);
}

TEST(TransformerWeights, AVocabularyThatDoesNotRiseIsAMistakeOfTheCaller) {
  EXPECT_THROW(TransformerWeights(kConfig, {1, 1}), std::invalid_argument);
  EXPECT_THROW(TransformerWeights(kConfig, {2, 1}), std::invalid_argument);
}

TEST(TransformerWeights, FindRowsOfTheirVocabularyOnly) {
  const TransformerWeights weights(kConfig, {3, 7, 20});
  EXPECT_EQ(weights.row(3), 0u);
  EXPECT_EQ(weights.row(20), 2u);
  for (const ItemId unknown : {0u, 5u, 21u, kNoItem})
    EXPECT_EQ(weights.row(unknown), TransformerWeights::kNoRow);
}

}  // namespace
}  // namespace segue::index
