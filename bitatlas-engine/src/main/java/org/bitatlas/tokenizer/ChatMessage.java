package org.bitatlas.tokenizer;

/** One message of a conversation: {@code role} is system, user, assistant or tool. */
public record ChatMessage(String role, String content) {}
