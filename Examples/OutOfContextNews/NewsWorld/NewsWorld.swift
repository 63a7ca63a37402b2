// NewsWorld
