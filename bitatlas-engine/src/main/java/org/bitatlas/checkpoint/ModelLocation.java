package org.bitatlas.checkpoint;

import java.nio.file.Path;
import java.util.Optional;

/**
 * A model on this machine.
 *
 * @param name what the user called it: a folder or a hub id
 * @param folder the folder with {@code config.json}, tokenizer and safetensors files
 * @param commit the commit of the hub repository; empty for a local folder
 */
public record ModelLocation(String name, Path folder, Optional<String> commit) {}
