package org.bitatlas.checkpoint;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.SequencedSet;
import java.util.function.UnaryOperator;
import org.bitatlas.tensor.BitAtlasException;

/**
 * Finds a model by folder or hub id, or a data set, and downloads it when it is not in the cache.
 * Interrupted downloads go on where they stopped, large files are checked against their SHA-256,
 * and a model that is cached whole is used when the hub cannot be reached.
 */
public final class HubDownload {

  private final HubSettings settings;
  private final DownloadProgress progress;

  /** Downloads by these settings. */
  public HubDownload(HubSettings settings, DownloadProgress progress) {
    this.settings = settings;
    this.progress = progress;
  }

  /**
   * The model of that name on this machine.
   *
   * @param idOrFolder an existing folder with {@code config.json}, or a hub id {@code owner/name}
   *     or {@code owner/name@revision} (branch, tag or commit)
   * @throws BitAtlasException when there is no such model, it may not be read, or the network fails
   */
  public ModelLocation resolve(String idOrFolder) {
    Optional<Path> folder = existing(idOrFolder);
    if (folder.isPresent()) {
      if (!Files.isRegularFile(folder.get().resolve("config.json"))) {
        throw new BitAtlasException(
            idOrFolder + " is not a folder with a config.json: expected a model folder.");
      }
      return new ModelLocation(idOrFolder, folder.get(), Optional.empty());
    }
    HubModelId id =
        HubModelId.parse(idOrFolder)
            .filter(parsed -> !parsed.isData())
            .orElseThrow(() ->
                new BitAtlasException(
                    "There is no folder '"
                        + idOrFolder
                        + "', and it is not a hub id of the form owner/name or"
                        + " owner/name@revision."));
    return found(id, files -> HubFileSelection.of(files, id));
  }

  /**
   * A data set of the hub on this machine: its files of records, and its licence.
   *
   * @param name {@code datasets/owner/name}, or with {@code @revision}
   * @param start how the paths of the wanted files begin; empty for all
   * @throws BitAtlasException when there is no such data set, it may not be read, or the network
   *     fails
   */
  public ModelLocation resolveData(String name, String start) {
    HubModelId id =
        HubModelId.parse(name)
            .filter(HubModelId::isData)
            .orElseThrow(() ->
                new BitAtlasException(
                    "'" + name + "' is not the name of a data set, datasets/owner/name."));
    return found(id, files -> HubFileSelection.ofData(files, id, start));
  }

  private ModelLocation found(HubModelId id, UnaryOperator<List<String>> selection) {
    try {
      return settings.offline() ? cached(id) : download(id, selection);
    } catch (IOException e) {
      throw new BitAtlasException(
          "Downloading "
              + id
              + " from "
              + settings.endpoint()
              + " failed: "
              + describe(e)
              + "; run the same command again to go on.",
          e);
    }
  }

  private static Optional<Path> existing(String idOrFolder) {
    try {
      return Optional.of(Path.of(idOrFolder)).filter(Files::exists);
    } catch (InvalidPathException e) {
      return Optional.empty();
    }
  }

  private ModelLocation download(HubModelId id, UnaryOperator<List<String>> selection)
      throws IOException {
    HubCache cache = new HubCache(settings.cache(), id);
    try (HubClient client = new HubClient(settings)) {
      Optional<ModelLocation> known = fromCache(id, cache);
      HubClient.Listing listing;
      try {
        listing = client.list(id, known.isPresent() ? 1 : settings.attempts());
      } catch (IOException e) {
        return known.orElseThrow(() -> e);
      }
      List<String> files = selection.apply(listing.files());
      Path snapshot = cache.snapshot(listing.commit());
      if (files.stream().anyMatch(file -> !Files.isRegularFile(snapshot.resolve(file)))) {
        cache.locked(() -> downloadMissing(id, listing.commit(), files, cache, client));
      }
      cache.remember(id.revision(), listing.commit());
      return new ModelLocation(id.toString(), snapshot, Optional.of(listing.commit()));
    }
  }

  private Path downloadMissing(
      HubModelId id, String commit, List<String> files, HubCache cache, HubClient client)
      throws IOException {
    for (String file : files) {
      if (!Files.isRegularFile(cache.snapshot(commit).resolve(file))) {
        HubClient.Description description = client.describe(id, commit, file);
        if (!Files.isRegularFile(cache.blob(description.etag()))) {
          new BlobDownload(client, cache, id, commit, file, description, settings, progress).run();
        }
        cache.publish(description.etag(), commit, file);
      }
    }
    return cache.snapshot(commit);
  }

  private ModelLocation cached(HubModelId id) throws IOException {
    return fromCache(id, new HubCache(settings.cache(), id))
        .orElseThrow(() ->
            new BitAtlasException(
                (id.isData() ? "The data set " : "The model ")
                    + id
                    + " is not complete in the cache "
                    + settings.cache()
                    + ", and HF_HUB_OFFLINE forbids to download it."));
  }

  private static Optional<ModelLocation> fromCache(HubModelId id, HubCache cache)
      throws IOException {
    return cache
        .commit(id.revision())
        .filter(commit ->
            id.isData()
                ? Files.isDirectory(cache.snapshot(commit))
                : isComplete(cache.snapshot(commit)))
        .map(commit ->
            new ModelLocation(id.toString(), cache.snapshot(commit), Optional.of(commit)));
  }

  /**
   * Whether configuration and all weights are there; which other files exist only the hub knows.
   */
  private static boolean isComplete(Path snapshot) {
    if (!Files.isRegularFile(snapshot.resolve("config.json"))) {
      return false;
    }
    if (Files.isRegularFile(snapshot.resolve(SafetensorsCheckpoint.SINGLE_FILE_NAME))) {
      return true;
    }
    Path index = snapshot.resolve(SafetensorsIndex.FILE_NAME);
    if (!Files.isRegularFile(index)) {
      return false;
    }
    SequencedSet<String> shards = SafetensorsIndex.read(index).shardNames();
    return shards.stream().allMatch(shard -> Files.isRegularFile(snapshot.resolve(shard)));
  }

  private static String describe(IOException e) {
    return Optional.ofNullable(e.getMessage()).orElse(e.getClass().getSimpleName());
  }
}
