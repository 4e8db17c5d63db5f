#include "index/import/import_transformer.h"

#include <cmath>
#include <limits>
#include <sstream>

#include "index/model/matrix_buffer.h"
#include "index/model/session_encoder.h"
#include "index/model/transformer_model.h"
#include "tests/index/import_fixture.h"
#include "tests/index/sasrec_reference.h"
#include "tests/index/transformer_fixture.h"

namespace segue::index {
namespace {

constexpr TransformerConfig kConfig{
    .width = 8, .layers = 2, .heads = 2, .feed_forward = 12, .window = 6, .temperature = 0.11f};
const std::filesystem::path kFixtures = std::filesystem::path(SEGUE_SOURCE_DIR) / "tests/index/fixtures";

class ImportTransformer : public ImportTest {
 protected:
  /// Five items of our own form; ids e, d, c, b, a, so that rows and items differ.
  OutsideFile ours() const {
    random_weights(kConfig, 5, 3).save(file());
    OutsideFile parts = OutsideFile::of(file(), {"heads", "temperature"});
    parts.ids({"e", "d", "c", "b", "a"});
    return parts;
  }
  static OutsideFile sasrec() {
    return OutsideFile::of(kFixtures / "sasrec.safetensors", {"format", "heads", "ids"});
  }
  std::string refusal_of(const OutsideFile& parts,
                         const std::vector<std::string>& ids = {"a", "b", "c"}) const {
    parts.write(file());
    return refusal([&] { import_transformer(file(), catalogue_of(ids)); });
  }

  std::unique_ptr<kernels::Backend> backend_ = kernels::make_backend(kernels::Device::kCpu);
};

#define EXPECT_NAMES(text, part) EXPECT_NE((text).find(part), std::string::npos) << (text)

TEST_F(ImportTransformer, TakesOurOwnNamesAndPutsRowsWhereTheirItemsAre) {
  ours().write(file());
  const TransformerWeights written = random_weights(kConfig, 5, 3);
  const ImportedTransformer imported = import_transformer(file(), catalogue_of({"a", "b", "c", "d", "e"}));
  EXPECT_EQ(imported.strangers, 0u);
  EXPECT_EQ(imported.weights.config(), kConfig);
  EXPECT_TRUE(std::ranges::equal(imported.weights.flat_body(), written.flat_body()));
  for (std::size_t r = 0; r < 5; ++r)
    EXPECT_TRUE(std::ranges::equal(imported.weights.items().row_span(r), written.items().row_span(4 - r)));
}

TEST_F(ImportTransformer, LeavesOutRowsOfItemsThatAreNotInTheCatalogue) {
  ours().write(file());
  const ImportedTransformer imported = import_transformer(file(), catalogue_of({"b", "c", "x"}));
  EXPECT_EQ(imported.strangers, 3u);
  EXPECT_TRUE(std::ranges::equal(imported.weights.vocabulary(), std::vector<ItemId>{0, 1}));
}

TEST_F(ImportTransformer, TakesIdsFromLinesToo) {
  OutsideFile parts = ours();
  parts.metadata.erase("ids");
  EXPECT_NAMES(refusal_of(parts), id_file().string());
  std::ofstream(id_file()) << "e\r\nd\nc\nb\na\n";
  EXPECT_EQ(refusal_of(parts), "");
  std::ofstream(id_file()) << "e\nd\nc\nb\n";
  EXPECT_NAMES(refusal_of(parts), "4 ids for 5 rows");
}

TEST_F(ImportTransformer, TakesHalvesAndIntegersWithTheirScales) {
  for (const Storage storage : {Storage::kFp16, Storage::kInt8}) {
    random_weights(kConfig, 5, 3).save(file(), storage);
    std::ofstream(id_file()) << "a\nb\nc\nd\ne\n";
    const ImportedTransformer imported = import_transformer(file(), catalogue_of({"a", "b", "c", "d", "e"}));
    TransformerWeights rounded = random_weights(kConfig, 5, 3);
    rounded.round_to(storage);
    EXPECT_TRUE(std::ranges::equal(imported.weights.flat_body(), rounded.flat_body()));
  }
}

TEST_F(ImportTransformer, SaysWhatIsWrongWithNamesShapesAndValues) {
  const std::string kQkv = "blocks.1.attention.qkv.weight";
  const auto changed = [&](const auto& change) {
    OutsideFile parts = ours();
    change(parts);
    return refusal_of(parts);
  };
  EXPECT_EQ(changed([](OutsideFile&) {}), "");
  EXPECT_NAMES(changed([&](OutsideFile& f) { f.tensors.erase(kQkv); }), kQkv + " is missing");
  EXPECT_NAMES(changed([&](OutsideFile& f) { f.tensors[kQkv].first = {8, 24}; }), "[8,24]; [24,8] is needed");
  EXPECT_NAMES(changed([&](OutsideFile& f) { f.tensors[kQkv].second[9] = NAN; }),
               kQkv + " holds a value that is not finite, in row 1");
  EXPECT_NAMES(changed([&](OutsideFile& f) { f.tensors["item_embedding.weight"].second[39] = INFINITY; }),
               "in row 4");
  EXPECT_NAMES(changed([&](OutsideFile& f) {
                 f.tensors["blocks.7.norm1.weight"] = {{8}, std::vector<float>(8)};
               }),
               "blocks.7.norm1.weight has no place");
  EXPECT_NAMES(changed([&](OutsideFile& f) { f.tensors["item_embedding.weight"].first = {40}; }),
               "[rows, columns]");
  EXPECT_NAMES(changed([&](OutsideFile& f) { f.tensors.erase("item_embedding.weight"); }), "item_emb.weight");
  EXPECT_NAMES(changed([&](OutsideFile& f) { f.tensors.erase("blocks.0.norm1.weight"); }),
               "blocks.0.norm1.weight is missing");
  EXPECT_NAMES(changed([&](OutsideFile& f) { f.tensors.erase("position_embedding.weight"); }),
               "position_embedding.weight is missing");
}

TEST_F(ImportTransformer, SaysWhatIsWrongWithMetadataAndIds) {
  const auto changed = [&](const char* key, const std::string& value) {
    OutsideFile parts = ours();
    parts.metadata[key] = value;
    return refusal_of(parts);
  };
  EXPECT_NAMES(changed("heads", ""), "`heads`");
  EXPECT_NAMES(changed("heads", "0"), "`heads` is \"0\"");
  EXPECT_NAMES(changed("heads", "3"), "no multiple");
  EXPECT_NAMES(changed("heads", "99999999999999999999"), "`heads`");
  EXPECT_NAMES(changed("temperature", "nan"), "`temperature`");
  EXPECT_NAMES(changed("temperature", "-1"), "`temperature`");
  EXPECT_NAMES(changed("ids", "e, d"), "no JSON list");
  EXPECT_NAMES(changed("ids", "[1,2,3,4,5]"), "no JSON list");
  EXPECT_NAMES(changed("ids", R"(["a","b","c","d"])"), "4 ids for 5 rows");
  EXPECT_NAMES(changed("ids", R"(["a","b","c","d","a"])"), "\"a\", stands there twice");
  EXPECT_NAMES(changed("ids", R"(["a","b","c","d",""])"), "id 5 is empty");
  EXPECT_NAMES(changed("ids", R"(["v","w","x","y","z"])"), "none of its 5 ids is an item");
}

TEST_F(ImportTransformer, RefusesOtherFilesAndTypes) {
  const auto import = [&] { import_transformer(file(), catalogue_of({"a"})); };
  EXPECT_NE(refusal(import), "");
  std::ofstream(file()) << "PK no safetensors";
  EXPECT_NE(refusal(import), "");
  std::filesystem::resize_file(file(), 0);
  EXPECT_NE(refusal(import), "");
  SafetensorsWriter writer;
  OutsideFile parts = ours();
  parts.tensors.erase("final_norm.bias");
  for (const auto& [key, value] : parts.metadata) writer.metadata(key, value);
  for (const auto& [name, tensor] : parts.tensors)
    writer.add(name, tensor.first, std::span<const float>(tensor.second));
  writer.add("final_norm.bias", {8}, std::span<const std::int64_t>(std::vector<std::int64_t>(8)));
  writer.write(file());
  EXPECT_NAMES(refusal(import), "final_norm.bias has dtype I64");
}

/// What PyTorch computed with the weights of the same name (tests/peers/record_*.py).
void expect_recorded_scores(const std::string& name, TransformerForm form, const kernels::Backend& backend) {
  std::vector<std::string> ids;
  for (int n = 1; n <= 7; ++n) ids.push_back("item-" + std::to_string(n));
  const Catalogue catalogue = catalogue_of(ids);
  ImportedTransformer imported = import_transformer(kFixtures / (name + ".safetensors"), catalogue);
  EXPECT_EQ(imported.weights.config().form, form);
  const TransformerModel model(std::move(imported.weights), nullptr, catalogue, backend);
  std::stringstream text;
  text << std::ifstream(kFixtures / (name + "_scores.json")).rdbuf();
  const nlohmann::json cases = nlohmann::json::parse(text.str());
  ASSERT_EQ(cases.size(), 5u);
  for (const auto& one : cases) {
    std::vector<ItemId> session;
    for (const std::string id : one["session"]) session.push_back(catalogue.find(id));
    const auto encoded = model.encode(session);
    std::vector<double> scores(7);
    encoded->score_all(scores);
    for (ItemId i = 0; i < 7; ++i)
      EXPECT_NEAR(scores[i], one["scores"][catalogue.id(i)].get<double>(), 2e-5) << one["session"];
    EXPECT_EQ(encoded->top(1, nullptr)[0].score, *std::max_element(scores.begin(), scores.end()));
  }
}

TEST_F(ImportTransformer, ScoresAsPyTorchDoesForSasrec) {
  expect_recorded_scores("sasrec", TransformerForm::kSasrec, *backend_);
}

TEST_F(ImportTransformer, ScoresAsTheModuleOfTheDocumentationDoes) {
  expect_recorded_scores("transformer", TransformerForm::kSegue, *backend_);
}

TEST_F(ImportTransformer, AsksWhichRevisionOfSasrecItIs) {
  OutsideFile parts = sasrec();
  parts.metadata.erase("format");
  EXPECT_NAMES(refusal_of(parts), "format = \"sasrec\"");
  parts = sasrec();
  parts.tensors["forward_layers.1.conv1.weight"].first = {8, 8};
  EXPECT_NAMES(refusal_of(parts, {"item-1"}),
               "forward_layers.1.conv1.weight has shape [8,8]; [8,8,1] is needed");
  parts = sasrec();
  parts.ids({"p", "item-1", "item-2", "item-3", "item-4", "item-5", "item-6", "item-7"});
  EXPECT_NAMES(refusal_of(parts, {"item-1"}), "8 ids for 7 rows");
}

TEST_F(ImportTransformer, EncodesSasrecAsTheNaiveReferenceDoes) {
  TransformerConfig config{.width = 12, .layers = 3, .heads = 3, .feed_forward = 12, .window = 7};
  config.form = TransformerForm::kSasrec;
  const TransformerWeights weights = random_weights(config, 20, 9);
  const SasrecReference reference(weights);
  const SessionEncoder encoder(weights, *backend_);
  RandomStream random(4);
  std::vector<std::uint32_t> packed, offsets{0};
  for (std::size_t length = 1; length <= 7; ++length) {
    for (std::size_t t = 0; t < length; ++t) packed.push_back(static_cast<std::uint32_t>(random.below(20)));
    offsets.push_back(static_cast<std::uint32_t>(packed.size()));
  }
  MatrixBuffer batch, positions;
  encoder.encode_batch(packed, offsets, batch.reshape(7, 12));
  encoder.encode_positions(packed, offsets, positions.reshape(packed.size(), 12));
  for (std::size_t s = 0; s < 7; ++s) {
    for (std::size_t t = offsets[s]; t < offsets[s + 1]; ++t) {
      const auto prefix = std::span(packed).subspan(offsets[s], t + 1 - offsets[s]);
      const std::vector<double> expected = reference.hidden(prefix).back();
      for (std::size_t c = 0; c < 12; ++c) {
        EXPECT_NEAR(static_cast<double>(positions.view()(t, c)), expected[c], 1e-5) << "event " << t;
        if (t + 1 == offsets[s + 1]) {
          EXPECT_EQ(batch.view()(s, c), positions.view()(t, c));
        }
      }
    }
  }
}

TEST_F(ImportTransformer, AppendsToSasrecSessionsAsIfEncodedAfresh) {
  TransformerConfig config{.width = 12, .layers = 2, .heads = 3, .feed_forward = 12, .window = 7};
  config.form = TransformerForm::kSasrec;
  const TransformerWeights weights = random_weights(config, 20, 9);
  const SessionEncoder encoder(weights, *backend_);
  RandomStream random(4);
  std::vector<ItemId> session;
  SessionState state = encoder.start();
  for (std::size_t t = 0; t < 12; ++t) {
    session.push_back(static_cast<ItemId>(2 * random.below(20) + 1));
    EXPECT_TRUE(encoder.append(state, session.back()));
    EXPECT_TRUE(std::ranges::equal(state.output(), encoder.encode(session))) << t;
  }
  EXPECT_FALSE(encoder.append(state, 0));
}

TEST_F(ImportTransformer, SasrecComesBackFromASnapshotsFile) {
  TransformerConfig config = kConfig;
  config.form = TransformerForm::kSasrec;
  random_weights(config, 5, 3).save(file());
  EXPECT_EQ(TransformerWeights::open(file()).config(), config);

  OutsideFile parts = OutsideFile::of(file(), {"heads", "temperature", "form"});
  parts.ids({"e", "d", "c", "b", "a"});
  parts.write(file());
  EXPECT_EQ(import_transformer(file(), catalogue_of({"a", "b"})).weights.config(), config);
  parts.metadata["form"] = "bert4rec";
  EXPECT_NAMES(refusal_of(parts), "`form` is \"bert4rec\"");
}

}  // namespace
}  // namespace segue::index
