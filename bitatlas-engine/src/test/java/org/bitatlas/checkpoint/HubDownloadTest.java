package org.bitatlas.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.bitatlas.tensor.BitAtlasException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HubDownloadTest {

  private static final String WEIGHTS = "model.safetensors";

  @TempDir Path cache;

  private LocalHub hub;
  private final byte[] weights = new byte[300_000];

  @BeforeEach
  void startHub() throws IOException {
    new SplittableRandom(3).nextBytes(weights);
    hub = new LocalHub();
    hub.files.put("config.json", "{}".getBytes(StandardCharsets.UTF_8));
    hub.files.put("tokenizer.model", new byte[] {1, 2, 3});
    hub.files.put("LICENSE", "terms".getBytes(StandardCharsets.UTF_8));
    hub.files.put("modeling.py", new byte[1]);
    hub.files.put("pytorch_model.bin", new byte[1]);
    hub.files.put("onnx/model.safetensors", new byte[1]);
    hub.files.put(WEIGHTS, weights);
  }

  @AfterEach
  void stopHub() {
    hub.close();
  }

  @Test
  void downloadsWhatIsNeededInTheUsualLayout() throws IOException {
    List<String> shown = new ArrayList<>();
    HubDownload download =
        new HubDownload(
            settings(), (file, done, total) -> shown.add(file + " " + done + "/" + total));
    ModelLocation model = download.resolve(LocalHub.ID);
    assertThat(model.commit()).contains(LocalHub.COMMIT);
    Path repository = cache.resolve("models--owner--model");
    assertThat(model.folder()).isEqualTo(repository.resolve("snapshots/" + LocalHub.COMMIT));
    try (var files = Files.list(model.folder())) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .containsExactlyInAnyOrder("config.json", "tokenizer.model", "LICENSE", WEIGHTS);
    }
    assertThat(model.folder().resolve(WEIGHTS)).hasBinaryContent(weights);
    assertThat(Files.readSymbolicLink(model.folder().resolve(WEIGHTS)))
        .isEqualTo(Path.of("../../blobs").resolve(LocalHub.sha256(weights)));
    assertThat(repository.resolve("refs/main")).hasContent(LocalHub.COMMIT);
    assertThat(shown).contains("model.safetensors 300000/300000");
    assertThat(repository.resolve("blobs/" + LocalHub.sha256(weights) + ".incomplete"))
        .doesNotExist();
  }

  @Test
  void asksForNoFileThatIsCached() {
    resolve();
    hub.requests.clear();
    resolve();
    assertThat(hub.requests).hasSize(1);
    assertThat(hub.requests.getFirst().path()).startsWith("/api/models/");
  }

  @Test
  void dataSetsComeWithTheirFolders() throws IOException {
    byte[] records = {'P', 'A', 'R', '1'};
    hub.kind = "datasets/";
    hub.files.put("ARC-Easy/test-00000-of-00001.parquet", records);
    hub.files.put("ARC-Easy/train-00000-of-00001.parquet", new byte[2]);
    HubDownload download = new HubDownload(settings(), DownloadProgress.NONE);
    ModelLocation data = download.resolveData("datasets/owner/model", "ARC-Easy/test");
    Path repository = cache.resolve("datasets--owner--model");
    assertThat(data.folder()).isEqualTo(repository.resolve("snapshots/" + LocalHub.COMMIT));
    Path file = data.folder().resolve("ARC-Easy/test-00000-of-00001.parquet");
    assertThat(file).hasBinaryContent(records);
    assertThat(Files.readSymbolicLink(file).toString()).startsWith("../../../blobs/");
    assertThat(data.folder().resolve("LICENSE")).exists();
    assertThat(data.folder().resolve("ARC-Easy/train-00000-of-00001.parquet")).doesNotExist();
    assertThat(data.folder().resolve(WEIGHTS)).doesNotExist();
    assertThatThrownBy(() -> download.resolveData("datasets/owner/model", "none"))
        .hasMessageContaining("@refs/convert/parquet");
    assertThatThrownBy(() -> download.resolveData("owner/model", ""))
        .hasMessageContaining("datasets/");
    for (int i = 0; i < 500; i++) {
      hub.files.put("many/" + i + ".jsonl", new byte[1]);
    }
    assertThatThrownBy(() -> download.resolveData("datasets/owner/model", ""))
        .hasMessageContaining("--include");
  }

  @Test
  void goesOnWhereTheConnectionBroke() {
    hub.cutAfter = 100_000;
    hub.cutsLeft.set(1);
    assertThat(resolve().folder().resolve(WEIGHTS)).hasBinaryContent(weights);
    List<Optional<String>> ranges = rangesOfWeights();
    assertThat(ranges).hasSize(2);
    assertThat(ranges.getFirst()).isEmpty();
    assertThat(ranges.getLast()).hasValueSatisfying(range -> assertThat(start(range)).isPositive());
  }

  @Test
  void goesOnInALaterRun() {
    hub.cutAfter = 100_000;
    hub.cutsLeft.set(1);
    assertThatThrownBy(
            () -> new HubDownload(settings(1), DownloadProgress.NONE).resolve("owner/model"))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("run the same command again to go on");
    assertThat(cache.resolve("models--owner--model/snapshots/" + LocalHub.COMMIT + "/" + WEIGHTS))
        .doesNotExist();
    hub.requests.clear();
    assertThat(resolve().folder().resolve(WEIGHTS)).hasBinaryContent(weights);
    assertThat(rangesOfWeights()).hasSize(1);
    assertThat(start(rangesOfWeights().getFirst().orElseThrow())).isPositive();
  }

  @Test
  void startsAgainWhenTheServerIgnoresRanges() {
    hub.cutAfter = 100_000;
    hub.cutsLeft.set(1);
    hub.ignoresRanges = true;
    assertThat(resolve().folder().resolve(WEIGHTS)).hasBinaryContent(weights);
    assertThat(rangesOfWeights()).hasSize(2);
  }

  @Test
  void cutsAConnectionThatBringsNothing() {
    hub.cutAfter = 1000;
    hub.cutsLeft.set(1);
    hub.stallInsteadOfCut = true;
    HubSettings patient = settings();
    HubSettings impatient =
        new HubSettings(
            patient.endpoint(),
            cache,
            Optional.empty(),
            false,
            3,
            Duration.ofMillis(1),
            Duration.ofSeconds(2));
    assertThat(
            new HubDownload(impatient, DownloadProgress.NONE)
                .resolve(LocalHub.ID)
                .folder()
                .resolve(WEIGHTS))
        .hasBinaryContent(weights);
    assertThat(rangesOfWeights()).hasSize(2);
  }

  @Test
  void refusesContentOfAnotherSha256() throws IOException {
    hub.lies = true;
    assertFails(LocalHub.ID, "model.safetensors of owner/model has SHA-256");
    Path blobs = cache.resolve("models--owner--model/blobs");
    try (var files = Files.list(blobs)) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .noneMatch(name -> name.startsWith(LocalHub.sha256(weights)));
    }
    hub.lies = false;
    assertThat(resolve().folder().resolve(WEIGHTS)).hasBinaryContent(weights);
  }

  @Test
  void triesAgainAfterServerErrors() {
    hub.failuresLeft.set(3);
    assertThat(resolve().folder().resolve(WEIGHTS)).hasBinaryContent(weights);
  }

  @Test
  void givesUpAfterTheLastAttempt() {
    hub.failuresLeft.set(1000);
    assertFails(LocalHub.ID, "answered with status 503");
    assertThat(hub.requests).hasSize(4);
  }

  @Test
  void sendsTheTokenToTheEndpointOnly() {
    hub.redirects = true;
    hub.requiredToken = "secret";
    assertThat(resolve(settings(Optional.of("secret"))).folder().resolve(WEIGHTS))
        .hasBinaryContent(weights);
    assertThat(hub.requests)
        .filteredOn(request -> request.path().startsWith("/cdn/"))
        .isNotEmpty()
        .allMatch(request -> request.token().isEmpty());
    assertThat(hub.requests)
        .filteredOn(request -> !request.path().startsWith("/cdn/"))
        .allMatch(request -> request.token().equals(Optional.of("Bearer secret")));
  }

  @Test
  void saysWhatToDoWhenTheHubRefuses() {
    hub.requiredToken = "secret";
    assertFails(LocalHub.ID, "set HF_TOKEN");
    hub.requiredToken = "";
    hub.failureStatus = 403;
    hub.errorCode = "GatedRepo";
    hub.failuresLeft.set(1);
    assertFails(LocalHub.ID, "accept its terms at " + hub.address() + "/owner/model");
    hub.failureStatus = 404;
    hub.errorCode = "RevisionNotFound";
    hub.failuresLeft.set(1);
    assertFails(LocalHub.ID + "@v9", "has no revision 'v9'");
    hub.errorCode = "RepoNotFound";
    hub.failuresLeft.set(1);
    assertFails("owner/other", "does not know the model owner/other");
  }

  @Test
  void asksForTheRevision() {
    ModelLocation model =
        new HubDownload(settings(), DownloadProgress.NONE).resolve("owner/model@refs/pr/1");
    assertThat(model.name()).isEqualTo("owner/model@refs/pr/1");
    assertThat(hub.requests.getFirst().path())
        .isEqualTo("/api/models/owner/model/revision/refs%2Fpr%2F1");
    assertThat(cache.resolve("models--owner--model/refs/refs/pr/1")).hasContent(LocalHub.COMMIT);
  }

  @Test
  void usesTheCacheWithoutTheHub() {
    resolve();
    hub.close();
    assertThat(resolve(offline()).folder().resolve(WEIGHTS)).hasBinaryContent(weights);
    assertThat(resolve().folder().resolve(WEIGHTS)).hasBinaryContent(weights);
    assertThat(resolve(offline(), LocalHub.ID + "@" + LocalHub.COMMIT).folder()).exists();
    assertThatThrownBy(() -> resolve(offline(), "owner/other"))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("HF_HUB_OFFLINE");
  }

  @Test
  void offlineRefusesAPartlyCachedModel() throws IOException {
    Path folder = resolve().folder();
    Files.delete(folder.resolve(WEIGHTS));
    assertThatThrownBy(() -> resolve(offline()))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining("not complete in the cache");
  }

  @Test
  void takesShardsAndTheirIndexOnly() {
    hub.files.remove(WEIGHTS);
    hub.files.put("consolidated.safetensors", new byte[9]);
    hub.files.put("model-00001-of-00002.safetensors", new byte[5]);
    hub.files.put("model-00002-of-00002.safetensors", new byte[6]);
    hub.files.put(
        "model.safetensors.index.json",
        """
        {"weight_map":{"a":"model-00001-of-00002.safetensors","b":"model-00002-of-00002.safetensors"}}
        """
            .getBytes(StandardCharsets.UTF_8));
    Path folder = resolve().folder();
    assertThat(folder.resolve("model-00002-of-00002.safetensors")).hasBinaryContent(new byte[6]);
    assertThat(folder.resolve("consolidated.safetensors")).doesNotExist();
    assertThat(resolve(offline()).folder()).isEqualTo(folder);
  }

  @ParameterizedTest
  @ValueSource(strings = {"../../x.json", "/x.json", "a//b.json", "a/../x.json", "c:x.json"})
  void refusesFileNamesThatLeadOutOfTheFolder(String name) throws IOException {
    hub.files.put(name, new byte[1]);
    assertFails(LocalHub.ID, "would lead out of its folder");
    assertThat(hub.downloads()).isEmpty();
  }

  @Test
  void refusesModelsWithoutSafetensors() {
    hub.files.remove(WEIGHTS);
    assertFails(LocalHub.ID, "has no safetensors files");
  }

  @Test
  void severalThreadsDownloadOnce() throws Exception {
    try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
      Callable<ModelLocation> task = this::resolve;
      List<Future<ModelLocation>> all = threads.invokeAll(List.of(task, task, task, task));
      for (Future<ModelLocation> one : all) {
        assertThat(one.get().folder().resolve(WEIGHTS)).hasBinaryContent(weights);
      }
    }
    assertThat(hub.downloads()).doesNotHaveDuplicates();
  }

  @Test
  void takesAFolderAsItIs() throws IOException {
    Files.writeString(cache.resolve("config.json"), "{}");
    ModelLocation model = resolve(settings(), cache.toString());
    assertThat(model.folder()).isEqualTo(cache);
    assertThat(model.commit()).isEmpty();
    Files.delete(cache.resolve("config.json"));
    assertFails(cache.toString(), "is not a folder with a config.json");
    assertThat(hub.requests).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "model",
        "a/b/c",
        "../x/y",
        "./a/b",
        "a/../b",
        "a/b@",
        "a/b@../x",
        "a b/c",
        "a/b\u0000"
      })
  void refusesWhatIsNeitherFolderNorId(String text) {
    assertThatThrownBy(() -> resolve(settings(), text)).isInstanceOf(BitAtlasException.class);
    assertThat(hub.requests).isEmpty();
  }

  @Test
  void readsSettingsFromTheEnvironment() {
    Path home = Path.of("/home/user");
    HubSettings plain = HubSettings.ofEnvironment(Map.of(), home);
    assertThat(plain.endpoint()).hasToString("https://huggingface.co");
    assertThat(plain.cache()).isEqualTo(home.resolve(".cache/huggingface/hub"));
    assertThat(plain.token()).isEmpty();
    assertThat(plain.offline()).isFalse();
    HubSettings set =
        HubSettings.ofEnvironment(
            Map.of(
                "HF_ENDPOINT", "https://mirror.example/",
                "HF_HOME", "~/hf",
                "HF_TOKEN", " t ",
                "HF_HUB_OFFLINE", "yes"),
            home);
    assertThat(set.endpoint()).hasToString("https://mirror.example");
    assertThat(set.cache()).isEqualTo(home.resolve("hf/hub"));
    assertThat(set.token()).contains("t");
    assertThat(set.offline()).isTrue();
    assertThat(HubSettings.ofEnvironment(Map.of("HF_HUB_CACHE", "/c"), home).cache())
        .isEqualTo(Path.of("/c"));
    for (String wrong : List.of("mirror.example", "ftp://x", "https://a b")) {
      assertThatThrownBy(() -> HubSettings.ofEnvironment(Map.of("HF_ENDPOINT", wrong), home))
          .isInstanceOf(BitAtlasException.class)
          .hasMessageContaining("HF_ENDPOINT is '" + wrong + "'");
    }
  }

  private List<Optional<String>> rangesOfWeights() {
    return hub.requests.stream()
        .filter(request -> request.method().equals("GET") && request.path().endsWith(WEIGHTS))
        .map(LocalHub.Request::range)
        .toList();
  }

  private static int start(String range) {
    return Integer.parseInt(range.replaceAll("\\D", ""));
  }

  private ModelLocation resolve() {
    return resolve(settings());
  }

  private ModelLocation resolve(HubSettings settings) {
    return resolve(settings, LocalHub.ID);
  }

  private static ModelLocation resolve(HubSettings settings, String id) {
    return new HubDownload(settings, DownloadProgress.NONE).resolve(id);
  }

  private void assertFails(String id, String message) {
    assertThatThrownBy(() -> resolve(settings(), id))
        .isInstanceOf(BitAtlasException.class)
        .hasMessageContaining(message);
  }

  private HubSettings settings() {
    return settings(4);
  }

  private HubSettings settings(int attempts) {
    return settings(Optional.empty(), false, attempts);
  }

  private HubSettings settings(Optional<String> token) {
    return settings(token, false, 4);
  }

  private HubSettings offline() {
    return settings(Optional.empty(), true, 4);
  }

  private HubSettings settings(Optional<String> token, boolean offline, int attempts) {
    return new HubSettings(
        hub.address(),
        cache,
        token,
        offline,
        attempts,
        Duration.ofMillis(1),
        Duration.ofSeconds(20));
  }
}
