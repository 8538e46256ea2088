"""The routes, by domain; what they answer is said by their types, and errors by `problems`."""
