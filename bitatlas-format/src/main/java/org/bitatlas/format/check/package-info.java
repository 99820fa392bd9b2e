/**
 * Pre-flight of a checkpoint folder: what a serving stack will look up in it, and whether it finds
 * that. Reads files only. Entry type: CheckpointCheck.
 */
@NullMarked
package org.bitatlas.format.check;

import org.jspecify.annotations.NullMarked;
