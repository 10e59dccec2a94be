"""What someone may do, for whom: nothing here yet; e-services and habilitations come with their use case."""
